using System.Diagnostics;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Sparse feature circuits (Marks et al. 2024, the method behind SHIFT): nodes by their indirect effect, edges by gradients between kept nodes, with gradients stopped at the sites between.
/// With plain attribution and thresholds of 0, the weights of the edges that leave a node add up to its effect.
/// </summary>
public static class SparseFeatureCircuits
{
    /// <summary>Name of the node that stands for the behaviour.</summary>
    public const string TargetName = "y";

    /// <summary>Finds a circuit.</summary>
    /// <param name="patcher">The sites, the behaviour, and what stands in the place of a node.</param>
    /// <param name="options">How; the defaults if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work; nothing is kept.</param>
    /// <exception cref="InputException">A threshold is below zero.</exception>
    public static SparseFeatureCircuit Discover(
        FeaturePatcher patcher, SparseFeatureCircuitOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(patcher);
        options ??= new SparseFeatureCircuitOptions();
        if (!(options.NodeThreshold >= 0 && options.EdgeThreshold >= 0))
        {
            throw new InputException("threshold", "is below zero or not a number", "give at least 0, in units of the behaviour");
        }

        Stopwatch nodes = Stopwatch.StartNew();
        FeatureEffects effects = patcher.Effects(options.Steps, options.KeepPositions, keepGradients: true, progress, cancellation);
        nodes.Stop();
        Stopwatch edges = Stopwatch.StartNew();
        FeatureNode[] kept = [.. effects.Values.Where(pair => Math.Abs(pair.Value) > options.NodeThreshold).Select(pair => pair.Key)];
        FeatureEdgeGradients gradients = new(patcher.Sites, kept);
        for (int index = 0; index < patcher.Batches.Count; index++)
        {
            using FeatureBatch batch = patcher.Run(index);
            for (int site = 0; site < patcher.Sites.Count; site++)
            {
                cancellation.ThrowIfCancellationRequested();
                gradients.Add(batch, site, effects.Gradients![index][site]);
                progress?.Report(new WorkProgress("edges", ((long)index * patcher.Sites.Count) + site + 1, (long)patcher.Batches.Count * patcher.Sites.Count, "sites"));
            }

            gradients.AddTarget(batch, effects.Gradients![index]);
        }

        return new SparseFeatureCircuit(ToCircuit(patcher, options, effects, gradients), effects, kept.Length, gradients.BackwardPasses, nodes.Elapsed.TotalSeconds, edges.Elapsed.TotalSeconds);
    }

    private static Circuit ToCircuit(FeaturePatcher patcher, SparseFeatureCircuitOptions options, FeatureEffects effects, FeatureEdgeGradients gradients)
    {
        AutoencoderSites sites = patcher.Sites;
        double whole = Math.Abs(effects.CleanScore - effects.ReplacedScore);
        CircuitNode[] nodes =
        [
            .. effects.Values.Where(pair => pair.Value != 0).Select(pair => new CircuitNode(sites.NameOf(pair.Key), pair.Key.IsError ? CircuitNodeKind.Error : CircuitNodeKind.Feature, pair.Key.Site)
            {
                Layer = sites[pair.Key.Site].Site.Layer >= 0 ? sites[pair.Key.Site].Site.Layer : null,
                Relevance = whole > 0 ? Math.Abs(pair.Value) / whole : Math.Abs(pair.Value),
            }),
            new CircuitNode(TargetName, CircuitNodeKind.Target, sites.Count) { Label = patcher.Task.Name, Relevance = 1 },
        ];
        CircuitEdge[] edges =
        [
            .. gradients.Weights.Select(pair => new CircuitEdge(sites.NameOf(pair.Key.Parent), sites.NameOf(pair.Key.Child), pair.Value)),
            .. gradients.TargetWeights.Select(pair => new CircuitEdge(sites.NameOf(pair.Key), TargetName, pair.Value)),
        ];
        return new Circuit(nodes, edges.Where(edge => Math.Abs(edge.Weight) > options.EdgeThreshold), TargetName)
        {
            Readout = patcher.Task.Readout?.Readout,
            Metrics = new OrderedDictionary<string, double> { ["behaviour"] = effects.CleanScore, ["behaviour_replaced"] = effects.ReplacedScore },
        }.Prune(needsIncoming: false);
    }
}
