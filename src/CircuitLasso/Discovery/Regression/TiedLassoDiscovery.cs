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
/// Half a reader's lambda is .14 times its loss with all gates shut, over the reader's share of the outputs' variation. Of sources that carry the same, the larger
/// speaks for the smaller. An edge's score is the ratio at which its gate opens.
/// </remarks>
internal sealed class TiedLassoDiscovery : IDiscoveryMethod
{
    // The ratio is the best of .04 to .18 on the models that the rule was chosen on (docs/interpbench.md shows the others).
    private static readonly GateRule _rule = new(Ratio: 0.14, WholeShare: 1, Power: 1);

    /// <inheritdoc/>
    public string Name => "lasso";

    /// <inheritdoc/>
    public string Description => "sparse gates on what each source has in the outputs, by regressions tied to the residual stream";

    /// <inheritdoc/>
    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using ComponentContributions contributions = TiedRegression.Collect(model, task, options, withHiddenUnits: false, progress, cancellation);
        double collection = watch.Elapsed.TotalSeconds;
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped, progress, cancellation);
        SampleLayout layout = contributions.Layout;
        using ContributionGrams grams = new(contributions.Graph, checked(layout.Samples * layout.ScoredSlots.Length * regression.Outputs.Directions));
        BackwardRelevance relevance = BackwardRelevance.Compute(contributions, regression, grams.Add, progress, cancellation);
        GatedCircuit circuit = GatedCircuit.Solve(contributions.Graph, reader => grams[reader], relevance.NodeVariation, _rule, cancellation);
        return circuit.Found(regression, options, collection, watch.Elapsed.TotalSeconds);
    }
}
