using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// CircuitLasso on components: every reader is fitted on the residual stream that it reads (<see cref="TiedRegression"/>), the outputs are passed back through the fits
/// (<see cref="BackwardRelevance"/>), and then, for every reader, an l1 problem opens gates for the sources that its part of the outputs needs
/// (<see cref="GateProblem"/>). Observation only: one forward pass a text.
/// </summary>
/// <remarks>
/// Half a reader's lambda is <see cref="Ratio"/> times its loss with all gates shut, over the reader's share of the outputs' variation. Of sources that carry the same, the larger
/// speaks for the smaller. An edge's score is the ratio at which its gate opens.
/// </remarks>
internal sealed class TiedLassoDiscovery : IDiscoveryMethod
{
    /// <summary>
    /// The ratio of the default rule, the same for every model and task: the best of .04 to .18 on the models that the rule was chosen on (docs/interpbench.md shows the others).
    /// </summary>
    public const double Ratio = 0.14;

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
        Stopwatch watch = Stopwatch.StartNew();
        using ComponentContributions contributions = TiedRegression.Collect(model, task, options, progress, cancellation);
        double collection = watch.Elapsed.TotalSeconds;
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped, withNetworks ? options.Seed : null, progress, cancellation);
        GatedCircuit circuit = GatedCircuit.Solve(contributions, regression, Ratio, progress, cancellation);
        bool[] chosen = options.RelativeThreshold is { } share ? EdgeSelection.AtLeastShareOfLargest(circuit.Scores, share) : circuit.Open;
        return new ComponentDiscovery
        {
            Scores = circuit.Scores,
            InCircuit = EdgeSelection.Prune(circuit.Scores.Graph, chosen),
            Seconds = new Dictionary<string, double> { ["collection"] = collection, ["regression"] = watch.Elapsed.TotalSeconds - collection },
            Diagnostics = regression.Diagnostics(
                new("largest_relative_gap", circuit.LargestRelativeGap),
                new("missed", circuit.Missed),
                new("networks", regression.Maps.Count(map => map is NetworkMap))),
        };
    }
}
