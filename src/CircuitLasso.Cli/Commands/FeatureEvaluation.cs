using System.CommandLine;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>evaluate --sae</c>.</summary>
internal sealed class FeatureEvaluation
{
    private const int RandomOrders = 3;

    private readonly FeatureCircuitArguments _features = new();

    private readonly Option<string> _errors = new Option<string>("--errors")
    {
        Description = "With --sae: what is done with the errors of autoencoders: ranked like features, all removed, all kept, or ranked at the residual stream and removed elsewhere.",
        HelpName = "HOW",
        DefaultValueFactory = _ => "ranked",
    }.AcceptOnlyFromAmong("ranked", "removed", "kept", "residual-only");

    private readonly Option<bool> _recompute = new("--recompute") { Description = "With --sae: measure growing sets of edges also by path patching, where the model recomputes every node; takes a pass for every node." };

    private readonly Option<bool> _unexplained = new("--keep-unexplained") { Description = "With --sae: keep what learned edges do not explain of a node, which is ablated otherwise." };

    internal void AddTo(Command command)
    {
        _features.AddTo(command);
        command.Add(_errors);
        command.Add(_recompute);
        command.Add(_unexplained);
    }

    /// <summary>Whether a circuit of features is to be measured.</summary>
    internal bool IsAsked(ParseResult options) => _features.Any(options);

    /// <summary>Refuses labelled texts beside a circuit of components.</summary>
    internal void RequireNoTexts(ParseResult options, TaskArguments task) => _features.RequireOneTask(options, task);

    /// <summary>Measures the circuit and prints the figures.</summary>
    internal int Run(ParseResult options, CommandContext context, TaskArguments task, string file, string folder, FeatureReplacement ablation)
    {
        _features.RequireOneTask(options, task);
        long memory = task.MemoryBytes(options);
        ErrorHandling errors = Enum.Parse<ErrorHandling>(options.GetRequiredValue(_errors).Replace("-", string.Empty, StringComparison.Ordinal), ignoreCase: true);
        Circuit circuit = CircuitFile.Read(file);
        using DisposableList owned = new();
        TransformerModel model = owned.Add(ModelCheckpoint.Load(folder));
        AutoencoderSites sites = _features.Sites(options, model, owned, context);
        FeatureTask read = _features.Read(options, task, folder, sites, (circuit, file), context);
        BehaviourTask used = read.Behaviour;
        RequireCorrupt(used, ablation);
        sites = read.Sites;
        IReadOnlyList<FeatureNode> nodes = FeatureRanking.NodesInCircuit(circuit, sites);
        bool hasPositions = nodes.Any(node => node.Position != FeatureNode.Everywhere);
        using ProgressReport progress = context.StartProgress();
        FeatureCircuitEvaluator evaluator = new(sites, used, ablation, errors, hasPositions, memory);
        List<FeatureCurve> nodeCurves = [];
        foreach (FeatureRanking ranking in (IEnumerable<FeatureRanking>)
            [FeatureRanking.ByRelevance("circuit", circuit, sites), evaluator.ByActivation(), .. Enumerable.Range(0, RandomOrders).Select(seed => evaluator.Random((ulong)seed))])
        {
            nodeCurves.Add(evaluator.Curve(ranking, null, progress, context.Cancellation));
        }

        FeatureEvaluationSummary summary = new(file, used, evaluator, nodes.Count, evaluator.Evaluate(nodes, context.Cancellation), nodeCurves) { Edges = circuit.Edges.Count(edge => edge.InCircuit) };
        if (ablation == FeatureReplacement.Mean && circuit.Edges.Any(edge => edge.InCircuit))
        {
            // Nodes can be measured of more circuits than edges can.
            try
            {
                MeasureEdges(options, context, circuit, new FeatureEdgeEvaluator(sites, used, circuit, file, options.GetValue(_unexplained), memory), summary, progress);
            }
            catch (InputException exception)
            {
                context.Message($"edges are not measured: {exception.Subject} {exception.Problem}; {exception.Remedy}");
            }
        }

        progress.Dispose();
        context.Print(output => summary.WriteText(output, context.Console), summary.WriteJson);
        return ExitCode.Done;
    }

    /// <summary>Refuses the corrupt text of a pair where texts stand alone.</summary>
    internal static void RequireCorrupt(BehaviourTask task, FeatureReplacement ablation)
    {
        if (task.Readout is not null && ablation == FeatureReplacement.Corrupt)
        {
            throw new InputException("--ablation", "corrupt is for pairs, and labelled texts have no other of theirs", "choose mean, zero or resample");
        }
    }

    private void MeasureEdges(ParseResult options, CommandContext context, Circuit circuit, FeatureEdgeEvaluator evaluator, FeatureEvaluationSummary summary, ProgressReport progress)
    {
        CircuitEdge[] inside = [.. circuit.Edges.Where(edge => edge.InCircuit)];
        summary.RecomputedEdges = evaluator.Recomputed(inside, context.Cancellation);
        bool[] rules = evaluator.HasCoefficients ? options.GetValue(_recompute) ? [false, true] : [false] : options.GetValue(_recompute) ? [true] : [];
        summary.LearnedEdges = evaluator.HasCoefficients ? evaluator.Learned(inside, context.Cancellation) : null;
        if (evaluator.Edges.Count < 2)
        {
            return;
        }

        foreach (bool isRecomputed in rules)
        {
            string rule = isRecomputed ? "recomputed" : "learned";
            List<FeatureCurve> curves = [evaluator.Curve($"circuit, {rule}", evaluator.ByContribution(), isRecomputed, null, progress, context.Cancellation)];
            for (int seed = 0; seed < RandomOrders; seed++)
            {
                curves.Add(evaluator.Curve($"random, {rule}", evaluator.Random((ulong)seed), isRecomputed, null, progress, context.Cancellation));
            }

            summary.EdgeCurves.AddRange(curves);
        }

        if (rules.Length == 2)
        {
            summary.Correlation = FeatureEdgeEvaluator.Correlation(summary.EdgeCurves[0], summary.EdgeCurves[1 + RandomOrders]);
        }
    }
}
