using System.CommandLine;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The options that say which task a circuit is to explain, and how much memory the work on it may take.</summary>
internal sealed class TaskArguments
{
    private readonly Option<string?> _file = new("--task")
    {
        Description = "A file of pairs of texts with their answers: a JSON object with prompts, each with clean, corrupt, answers and wrong_answers, or JSON lines with "
            + "clean_prefix, patch_prefix, clean_answer and patch_answer.",
        HelpName = "FILE",
    };

    private readonly Option<int?> _pairs = new Option<int?>("--pairs") { Description = "Take the first N usable pairs [default: all].", HelpName = "N" }.AtLeast(1);

    private readonly Option<string> _memory = new("--memory")
    {
        Description = "About how much memory activations and gradients may take at once, such as 4GB; texts are run in batches that fit.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => "1GiB",
    };

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_pairs);
        command.Add(_memory);
    }

    public bool IsGiven(ParseResult options) => options.GetValue(_file) is not null;

    public string File(ParseResult options) => options.GetValue(_file) ?? throw new InputException("--task", "is missing", "name a file of pairs of texts with their answers");

    public int? Pairs(ParseResult options) => options.GetValue(_pairs);

    public long MemoryBytes(ParseResult options) => MemorySize.Parse("--memory", options.GetRequiredValue(_memory));

    /// <summary>Reads the pairs that fit the model, and says which do not.</summary>
    public TaskFile Read(ParseResult options, string folder, TransformerModel model, CommandContext context)
    {
        TaskFile task = TaskFile.Read(File(options), Tokenizer.Load(folder), model, Pairs(options));
        if (task.Message is { } message)
        {
            context.Message(message);
        }

        WorkEstimate estimate = WorkEstimate.OfForward(model.Description, task.Task.Clean.Concat(task.Task.Corrupt), LogitPositions.Last);
        double rate = MatrixRate.Measure();
        if (estimate.IsLong(rate))
        {
            context.Message($"{2 * task.Task.Count:N0} texts of {estimate.Tokens:N0} tokens; one forward pass over them takes {estimate.Time(rate)}; "
                + $"activations and gradients about {MemoryBytes(options) >> 20:N0} MiB at once (--memory), and {WorkEstimate.Weights(model.Parameters)}");
        }

        return task;
    }
}
