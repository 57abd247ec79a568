using System.CommandLine;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The options of <c>export</c> that belong to Neuronpedia's graph JSON.</summary>
internal sealed class NeuronpediaArguments
{
    private readonly Option<string?> _slug = new("--slug") { Description = "With neuronpedia: the graph's name, of letters, digits, '_', '.' and '-' [default: the name of the file].", HelpName = "NAME" };
    private readonly Option<string?> _scan = new("--scan") { Description = "With neuronpedia: the model's id there, such as gpt2-small [default: that of the features' pages].", HelpName = "ID" };
    private readonly Option<string?> _prompt = new("--prompt") { Description = "With neuronpedia and --model: the prompt that the circuit is of; its tokens stand below the graph.", HelpName = "TEXT" };
    private readonly Option<string?> _model = new("--model") { Description = "With --prompt: the model whose tokenizer reads it, a folder or a name on the hub.", HelpName = "MODEL" };
    private readonly Option<bool> _index = new("--graph-index") { Description = "With neuronpedia: write SLUG.json into the folder of --out and list it in graph-metadata.json, as circuit-tracer's local viewer wants." };

    public void AddTo(Command command)
    {
        command.Add(_slug);
        command.Add(_scan);
        command.Add(_prompt);
        command.Add(_model);
        command.Add(_index);
    }

    /// <summary>Refuses the options beside another format.</summary>
    public void RequireNone(ParseResult options)
    {
        Option? given = new Option[] { _slug, _scan, _prompt, _model, _index }.FirstOrDefault(option => options.GetResult(option) is { Implicit: false });
        if (given is not null)
        {
            throw new InputException(given.Name, "belongs to --format neuronpedia", "leave it out, or choose that format");
        }
    }

    public bool HasIndex(ParseResult options) => options.GetValue(_index);

    /// <summary>Reads the options; what the file of <paramref name="outFile"/> is called names the graph where no slug is given.</summary>
    public NeuronpediaGraphOptions Read(ParseResult options, string outFile, CommandContext context)
    {
        string? prompt = options.GetValue(_prompt);
        string? model = options.GetValue(_model);
        if ((prompt is null) != (model is null))
        {
            throw new InputException(prompt is null ? "--model" : "--prompt", $"needs {(prompt is null ? "--prompt" : "--model")}", "give both: the tokens of a prompt are those of a model's tokenizer");
        }

        string file = Path.GetFileNameWithoutExtension(outFile);
        return new NeuronpediaGraphOptions
        {
            Slug = options.GetValue(_slug) ?? (NeuronpediaSource.IsId(file) ? file : new NeuronpediaGraphOptions().Slug),
            Scan = options.GetValue(_scan),
            Prompt = prompt,
            PromptTokens = prompt is null ? [] : Tokens(prompt, Tokenizer.Load(HubArguments.ModelFolder(model!, context))),
        };
    }

    private static string[] Tokens(string prompt, Tokenizer tokenizer) => [.. tokenizer.Encode(prompt).Select(tokenizer.TokenText)];
}
