using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// CircuitLasso on components: every reader is fitted on the residual stream that it reads (<see cref="TiedRegression"/>), the outputs are passed back through the fits
/// (<see cref="BackwardRelevance"/>), and then, for every reader, an l1 problem opens gates for the sources that its part of the outputs needs
/// (<see cref="GateProblem"/>), at one lambda for the whole model. Observation only: one forward pass a text.
/// </summary>
/// <remarks>
/// With V the sum of squared outputs (centred, at scored positions), lambda = 2 share V: of uncorrelated sources a gate opens where the source carries more than
/// <see cref="Share"/> of the outputs' variation by way of the reader. Of correlated sources the one that carries more speaks for the other. An edge's score is the share at which its gate opens.
/// </remarks>
internal sealed class TiedLassoDiscovery : IDiscoveryMethod
{
    /// <summary>lambda / (2 V) of the circuit at the default rule, the same for every model and task.</summary>
    public const double Share = 0.15;

    // Where the path of lambdas ends, as a share: far below anything that is a circuit.
    private const double LeastShare = 1e-6;

    /// <inheritdoc/>
    public string Name => "lasso";

    /// <inheritdoc/>
    public string Description => "sparse gates on what each source has in the outputs, by regressions tied to the residual stream";

    /// <inheritdoc/>
    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Discover(model, task, options, withNetworks: false, progress, cancellation);

    /// <summary>The method, with networks in place of linear readers for MLPs or without.</summary>
    internal static ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, bool withNetworks, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        task.RequireFits(model);
        Stopwatch watch = Stopwatch.StartNew();
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(
            model, layout, TiedRegression.IsPooled(layout, model.Description.Width), options.MemoryBytes, progress, cancellation);
        double collection = watch.Elapsed.TotalSeconds;
        TiedRegression regression = TiedRegression.Fit(contributions, task, withNetworks ? options.Seed : null, progress, cancellation);
        GatedCircuit circuit = GatedCircuit.Solve(contributions, regression, Share, LeastShare, progress, cancellation);
        bool[] chosen = options.RelativeThreshold is { } share ? EdgeSelection.AtLeastShareOfLargest(circuit.Scores, share) : circuit.Open;
        TiedMap[] maps = regression.Maps[1..];
        return new ComponentDiscovery
        {
            Scores = circuit.Scores,
            InCircuit = EdgeSelection.Prune(circuit.Scores.Graph, chosen),
            Seconds = new Dictionary<string, double> { ["collection"] = collection, ["regression"] = watch.Elapsed.TotalSeconds - collection },
            Diagnostics = new Dictionary<string, double>
            {
                ["samples"] = layout.Samples,
                ["lambda"] = circuit.Lambda,
                ["largest_relative_gap"] = circuit.LargestRelativeGap,
                ["pooled_heads"] = contributions.HasPatterns ? 1 : 0,
                ["outputs"] = regression.Outputs.Classes.Length,
                ["networks"] = maps.Count(map => map is NetworkMap),
                ["output_explained"] = maps[^1].Explained,
                ["mean_explained"] = maps.Average(map => map.Explained),
                ["smallest_explained"] = maps.Min(map => map.Explained),
            },
        };
    }
}
