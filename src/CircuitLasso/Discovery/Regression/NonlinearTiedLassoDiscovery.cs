using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The same kind of gates as <see cref="TiedLassoDiscovery"/>, nonlinear in the MLPs: each of their hidden units is fitted (<see cref="HiddenUnitRegression"/>), and the outputs go
/// back through the fits sample by sample, each through its own (<see cref="ProbedRelevance"/>). Heads and logits stay linear. Observation only: one forward pass a text.
/// </summary>
/// <remarks>
/// Half a reader's lambda is .23 times its loss with all gates shut; a reader with less than .3 of the outputs' variation has it larger, by the square of how much less. A gated
/// MLP is fitted by a line, as by <see cref="TiedLassoDiscovery"/>; the diagnostic <c>networks</c> counts the MLPs that were fitted by their hidden units.
/// </remarks>
internal sealed class NonlinearTiedLassoDiscovery : IDiscoveryMethod
{
    // The ratio is the middle of the range .22 to .24 in which the models that it was chosen on have the fewest wrong edges (docs/interpbench.md shows others).
    private static readonly GateRule _rule = new(Ratio: 0.23, WholeShare: 0.3, Power: 2);

    /// <inheritdoc/>
    public string Name => "lasso-nonlinear";

    /// <inheritdoc/>
    public string Description => "such gates with MLPs read unit by unit, each text passed back through its own nonlinearities";

    /// <inheritdoc/>
    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using ComponentContributions contributions = TiedRegression.Collect(model, task, options, withHiddenUnits: true, progress, cancellation);
        double collection = watch.Elapsed.TotalSeconds;
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped, progress, cancellation);
        using ProbedRelevance relevance = ProbedRelevance.Compute(contributions, regression, options.Seed, progress, cancellation);
        GatedCircuit circuit = GatedCircuit.Solve(contributions.Graph, relevance.Products, relevance.NodeVariation, _rule, cancellation);
        return circuit.Found(regression, options, collection, watch.Elapsed.TotalSeconds);
    }
}
