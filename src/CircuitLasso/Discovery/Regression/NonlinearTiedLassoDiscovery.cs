using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The same as <see cref="TiedLassoDiscovery"/>, with the same rule, but MLPs are fitted by small networks wherever these predict better (<see cref="NetworkRegression"/>),
/// and a source's part is taken along the path from the mean to each sample (<see cref="NetworkMap"/>). Heads and logits stay linear. Observation only.
/// </summary>
internal sealed class NonlinearTiedLassoDiscovery : IDiscoveryMethod
{
    /// <inheritdoc/>
    public string Name => "lasso-nonlinear";

    /// <inheritdoc/>
    public string Description => "the same gates, with a small network learned for every MLP where it predicts better than a line";

    /// <inheritdoc/>
    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        TiedLassoDiscovery.Discover(model, task, options, withNetworks: true, progress, cancellation);
}
