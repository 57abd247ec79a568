using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Observation only, tied to the residual stream: every component is regressed by ridge on the sum it reads (<see cref="TiedRegression"/>), the outputs are passed back
/// through the fits (<see cref="BackwardRelevance"/>), and an edge's score is its share of its reader's part times the reader's share of the outputs' variation.
/// </summary>
/// <remarks>
/// The penalty is chosen per reader by five-fold cross-validation, the largest within one standard error. The circuit keeps scores of at least .13 and is pruned to paths from input to
/// logits. The method reads no weights but each head's rows of the output matrix, which bring its writing into the residual stream.
/// </remarks>
internal sealed class TiedRidgeDiscovery : IDiscoveryMethod
{
    /// <summary>The smallest score in a circuit at the default rule: the middle of the range .10 to .16 in which nothing changed on the cases it was chosen on.</summary>
    public const double Threshold = 0.13;

    /// <inheritdoc/>
    public string Name => "tied-ridge";

    /// <inheritdoc/>
    public string Description => "ridge regression of every component on the residual stream it reads, weighted by relevance to the output";

    /// <inheritdoc/>
    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using ComponentContributions contributions = TiedRegression.Collect(model, task, options, withHiddenUnits: false, progress, cancellation);
        double collection = watch.Elapsed.TotalSeconds;
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Wide, progress, cancellation);
        BackwardRelevance relevance = BackwardRelevance.Compute(contributions, regression, null, progress, cancellation);
        EdgeScores scores = relevance.ShareOfReaderTimesReader();
        bool[] chosen = options.RelativeThreshold is { } share ? EdgeSelection.AtLeastShareOfLargest(scores, share) : EdgeSelection.AtLeast(scores, Threshold);
        TiedMap[] maps = regression.Maps[1..];
        return new ComponentDiscovery
        {
            Scores = scores,
            InCircuit = EdgeSelection.Prune(scores.Graph, chosen),
            Seconds = new Dictionary<string, double> { ["collection"] = collection, ["regression"] = watch.Elapsed.TotalSeconds - collection },
            Diagnostics = regression.Diagnostics(
                new("largest_penalty_share", maps.Max(map => map.Share)), new("smallest_penalty_share", maps.Min(map => map.Share))),
        };
    }
}
