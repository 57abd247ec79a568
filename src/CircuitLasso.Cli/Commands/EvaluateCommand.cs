using System.CommandLine;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>evaluate</c>.</summary>
internal sealed class EvaluateCommand : ToolCommand
{
    private readonly Option<string> _circuit = new("--circuit")
    {
        Description = "A circuit of components: a circuit file (discover, learn), or EAP-IG's graph JSON, whose name ends in .json; or, with --sae, a circuit file of features.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _model = ModelArguments.Model();
    private readonly TaskArguments _task = new();
    private readonly FeatureEvaluation _features = new();

    private readonly Option<string?> _ablation = new Option<string?>("--ablation")
    {
        Description = "What stands in the place of what is taken out: what it is on the corrupt text of the pair, its mean over all corrupt texts at the position, zero, or, for features, "
            + "what it is on a corrupt text drawn at random [default: corrupt; mean for features].",
        HelpName = "HOW",
    }.AcceptOnlyFromAmong("corrupt", "mean", "zero", "resample");

    internal EvaluateCommand()
        : base(
            "evaluate",
            "Measure by intervention how much of what a model does on a task its circuit does alone, and how much is left without it.\n\n"
            + "With --sae the circuit is one of features; a task of pairs asks for the model's answers, and labelled texts (--text) for what the fitted readout of a label's circuit says of them. "
            + "Faithfulness is 1 where the circuit alone does all of it, completeness is 0 where nothing is left without the circuit. CPR and CMD are the MIB benchmark's areas "
            + "under the curve of faithfulness over growing circuits, chosen by the scores in the file.")
    {
        Add(_circuit);
        Add(_model);
        _task.AddTo(this);
        Add(_ablation);
        _features.AddTo(this);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string file = options.GetRequiredValue(_circuit);
        string folder = HubArguments.ModelFolder(options.GetRequiredValue(_model), context);
        string? replacement = options.GetValue(_ablation);
        if (_features.IsAsked(options))
        {
            return _features.Run(options, context, _task, file, folder, Enum.Parse<FeatureReplacement>(replacement ?? nameof(FeatureReplacement.Mean), ignoreCase: true));
        }

        _features.RequireNoTexts(options, _task);
        if (replacement == "resample")
        {
            throw new InputException("--ablation", "resample is for features (--sae)", "choose corrupt, mean or zero for components");
        }

        long memory = _task.MemoryBytes(options);
        AblationValue ablation = Enum.Parse<AblationValue>(replacement ?? nameof(AblationValue.Corrupt), ignoreCase: true);
        EapIgGraph? split = Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase) ? EapIgGraphFile.Read(file) : null;
        Circuit? circuit = split is null ? CircuitFile.Read(file) : null;
        using TransformerModel model = ModelCheckpoint.Load(folder);
        RequireFits(file, split?.Components ?? circuit!.Components, model.Components());
        if (circuit?.Provenance.TryGetValue("model", out string? maker) == true && maker.StartsWith("sha256:", StringComparison.Ordinal) && maker != "sha256:" + ModelFingerprint.Sha256(folder))
        {
            context.Message($"{file} was found on another model of this shape than {folder}");
        }

        TaskFile task = _task.Read(options, folder, model, context);
        CircuitEvaluator evaluator = new(model, task.Task, ablation, memory);
        ComponentDiscovery whole = split?.Collapse() ?? ComponentDiscovery.FromCircuit(circuit!, file);
        EdgeScores scores = split?.Scores ?? whole.Scores;
        CircuitEvaluation edges = split is null ? evaluator.EvaluateEdges(whole.InCircuit, context.Cancellation) : evaluator.EvaluateSplitEdges(split.InGraph, context.Cancellation);
        CircuitEvaluation nodes = evaluator.EvaluateNodes(whole.InCircuit, context.Cancellation);
        CircuitCurve absolute = evaluator.Curve(scores, isAbsolute: true, context.Cancellation);

        // Without negative scores both orders are the same.
        bool isSigned = (scores.IsSplit ? scores.SplitValues : scores.Values).ToArray().Any(score => score < 0);
        CircuitCurve signed = isSigned ? evaluator.Curve(scores, isAbsolute: false, context.Cancellation) : absolute;
        EvaluationSummary summary = new(file, task.Task, ablation, whole, edges, nodes, absolute, signed);
        context.Print(output => summary.WriteText(output, context.Console), summary.WriteJson);
        return ExitCode.Done;
    }

    private static void RequireFits(string file, ComponentGraph? graph, ComponentGraph model)
    {
        if (graph is null)
        {
            throw new InputException(file, "the circuit is not one of a model's components (input, heads, MLPs, logits)", "give a component circuit, such as discover writes, or name the autoencoders of a circuit of features (--sae)");
        }

        if ((graph.Layers, graph.Heads, graph.ParallelBlocks) != (model.Layers, model.Heads, model.ParallelBlocks))
        {
            throw new InputException(file, $"is a circuit of {Shape(graph)}, but the model has {Shape(model)}", "name the model that it was found on");
        }

        static string Shape(ComponentGraph graph) => $"{graph.Layers} layers of {graph.Heads} heads{(graph.ParallelBlocks ? ", side by side with the MLPs" : string.Empty)}";
    }
}
