using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary><c>model random</c>.</summary>
internal sealed class ModelRandomCommand : ToolCommand
{
    private readonly Option<string> _like = new("--like") { Description = "The model that it is to be like: " + HubArguments.Model + ".", HelpName = "MODEL", Required = true };
    private readonly Option<int> _seed = new Option<int>("--seed") { Description = "Seed of the weights.", HelpName = "N", DefaultValueFactory = _ => 0 }.AtLeast(0);
    private readonly Option<string> _out = new("--out") { Description = "The folder to write.", HelpName = "DIR", Required = true };

    internal ModelRandomCommand()
        : base("random", "Write a model of the same shape, configuration and tokenizer with random weights: what is found in it too is not of the model's training.")
    {
        Add(_like);
        Add(_seed);
        Add(_out);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string folder = options.GetRequiredValue(_out);
        int seed = options.GetValue(_seed);
        RandomModel.Write(HubArguments.ModelFolder(options.GetRequiredValue(_like), context), (ulong)seed, folder);
        context.Print(
            output => output.WriteLine(FormattableString.Invariant($"{folder}: random weights, seed {seed}")),
            json =>
            {
                json.WriteString("out", folder);
                json.WriteNumber("seed", seed);
            });
        return ExitCode.Done;
    }
}
