using System.CommandLine;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>circuitlasso circuit phenomena</c>.</summary>
internal sealed class CircuitPhenomenaCommand : ToolCommand
{
    private const int DefaultTexts = 256;
    private readonly Argument<string> _file = new("FILE") { Description = "The circuit file." };

    private readonly Option<string[]> _saes = new("--sae")
    {
        Description = "The autoencoders that the features are of, each as PATH, SITE=PATH, or INPUT:OUTPUT=PATH for a transcoder, where PATH is " + HubArguments.Autoencoder + ".",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
        Required = true,
    };

    private readonly Option<string?> _model = new("--model") { Description = "With --text: the model, " + HubArguments.Model + "; effects under ablation are measured for the pairs that may be spurious.", HelpName = "DIR" };
    private readonly TextArguments _text = new(required: false);
    private readonly Option<int> _texts = new Option<int>("--texts") { Description = "How many texts are run, taken evenly from the file.", HelpName = "N", DefaultValueFactory = _ => DefaultTexts }.AtLeast(1);
    private readonly Option<string?> _out = new("--out") { Description = "With --model: the circuit file with the effects, which circuit report and circuit show then show.", HelpName = "FILE.circuit" };

    internal CircuitPhenomenaCommand()
        : base(
            "phenomena",
            "Say what happens to concepts along a circuit of features, by rule: chains that persist, merges, drops, and pairs that look spurious, which are strong edges between decoder directions "
            + "that do not overlap.\n\nWith --model and --text such pairs are put to the test: the parent is held at its mean, the model computes on, and the child is read again. What is left are pairs "
            + "without effect. The effect is the share of the child's activation that goes, over the rows on which the parent is active; rows are made as those that the circuit was learnt from.")
    {
        Add(_file);
        Add(_saes);
        Add(_model);
        _text.AddTo(this);
        Add(_texts);
        Add(_out);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string file = options.GetRequiredValue(_file);
        string? model = options.GetValue(_model), outFile = options.GetValue(_out);
        if (model is null == _text.IsGiven(options))
        {
            throw new InputException(model is null ? "--text" : "--model", $"needs {(model is null ? "--model" : "--text")}", "give both, and effects are measured, or neither");
        }

        if (outFile is not null)
        {
            if (model is null)
            {
                throw new InputException("--out", "needs --model and --text: without effects the circuit stays as it is", "give them, or leave --out out");
            }

            OutputFile.Require(outFile, file);
        }

        Circuit circuit = CircuitFile.Read(file);
        using CircuitAutoencoders autoencoders = CircuitAutoencoders.Load(HubArguments.Autoencoders(options.GetRequiredValue(_saes), context), circuit);
        float[]? Direction(FeatureNodeName name) => autoencoders.Direction(name.ToString());
        if (model is not null)
        {
            circuit = Measured(options, context, circuit, HubArguments.ModelFolder(model, context), autoencoders, Direction);
            if (outFile is not null)
            {
                CircuitFile.Write(circuit, outFile);
            }
        }

        PhenomenaSummary summary = new(circuit, FeaturePhenomena.Find(circuit.WithoutCandidates(), Direction), outFile);
        context.Print(summary.WriteText, summary.WriteJson);
        return ExitCode.Done;
    }

    private Circuit Measured(ParseResult options, CommandContext context, Circuit circuit, string folder, CircuitAutoencoders autoencoders, Func<FeatureNodeName, float[]?> direction)
    {
        IReadOnlyList<CircuitEdge> candidates = FeaturePhenomena.SpuriousCandidates(circuit.WithoutCandidates(), direction);
        if (candidates.Count == 0)
        {
            context.Message("no pair looks spurious: there is nothing to ablate");
            return circuit;
        }

        Pooling pooling = circuit.Provenance.TryGetValue("pooling", out string? stated) && Enum.TryParse(stated, ignoreCase: true, out Pooling known) ? known : Pooling.None;
        TextSource text = _text.Open(options, []);
        using TransformerModel model = ModelCheckpoint.Load(folder);
        IReadOnlyList<int[]> texts = AblationTexts.Read(text, Tokenizer.Load(folder), model.Description, options.GetValue(_texts));
        context.Message(string.Create(CultureInfo.InvariantCulture, $"{candidates.Count} pairs to test, on {texts.Count:N0} texts"));
        using ProgressReport progress = context.StartProgress();
        return circuit.WithEffects(AblationEffects.Measure(new AutoencoderSites(model, autoencoders.Entries), texts, candidates, pooling, progress, context.Cancellation));
    }
}
