using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Learns a circuit of autoencoder features from a store with sparse sites, backwards from what it explains: the target by Lasso on the features of one site, then
/// each feature that matters on the features of the site before, and so on. The error of each site's autoencoder is a node beside its features.
/// </summary>
/// <remarks>
/// <para>The problem of a site j is the paper's, minimise ||Z_j - Z_i A||_F^2 + lambda ||A||_1 with sums over rows and an intercept, Z_i the features and the error of the sites
/// before; only the columns of Z_j that matter are solved for. The target y is fitted by squares (numbers) or cross-entropy (classes).</para>
/// <para>lambda: unless it is given, each regression has its own, the one on its path with the least extended Bayesian criterion at gamma = 1
/// (<see cref="CircuitLasso.Regression.SharedPathSelection"/>), because the aim is the right parents among tens of thousands of columns and not the best prediction.
/// The criterion knows the number of rows, so nothing has to be scaled where rows are left out. The target's own lambda follows <see cref="FeatureCircuitOptions.TargetRule"/>.</para>
/// <para>Relevance of a node: with T its linear map to y through all coefficients after it and r its centred activations, |sum of (r T) y| / sum of y y over rows and outputs, at most 1:
/// the share of y's variation that goes along with what the node gives it. y is centred, and of classes the fitted scores. What a node varies by that y does not follow counts for nothing. Same store, options and seed: same circuit, whatever the number of threads.</para>
/// </remarks>
public static class FeatureCircuitLearner
{
    /// <summary>Explains a target, after asking whether it can be predicted at all.</summary>
    /// <param name="store">A store with sparse sites.</param>
    /// <param name="target">What to explain; rows where it is not a number are left out.</param>
    /// <param name="options">How; the defaults if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work; nothing is kept.</param>
    /// <exception cref="InputException">The store has no sparse site or no such site or row, a number is not finite, an option is out of range, or this machine's memory is too small.</exception>
    public static FeatureCircuitResult Learn(
        ActivationStoreReader store, LearningTarget target, FeatureCircuitOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new FeatureCircuitLearning(store, target.Numbers, options ?? new FeatureCircuitOptions(), progress, cancellation).Explain(target);
    }

    /// <summary>Explains one feature.</summary>
    /// <param name="store">A store with sparse sites.</param>
    /// <param name="node">The feature, such as <c>resid_post.5/3036</c>.</param>
    /// <param name="options">How; the defaults if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work; nothing is kept.</param>
    /// <exception cref="InputException">As for a target, or there is no such feature, or it is the same in every row.</exception>
    public static FeatureCircuitResult Learn(
        ActivationStoreReader store, FeatureNodeName node, FeatureCircuitOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        new FeatureCircuitLearning(store, null, options ?? new FeatureCircuitOptions(), progress, cancellation).Explain(node);

    /// <summary>Explains every feature that varies, whatever it leads to: all of A. Nodes have no relevance, and the circuit's target is only its last node.</summary>
    /// <param name="store">A store with sparse sites of two places or more.</param>
    /// <param name="options">How; the defaults if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work; nothing is kept.</param>
    /// <exception cref="InputException">As for a target, or no feature goes with one of the site before.</exception>
    public static FeatureCircuitResult LearnAll(
        ActivationStoreReader store, FeatureCircuitOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        new FeatureCircuitLearning(store, null, options ?? new FeatureCircuitOptions(), progress, cancellation).ExplainAll();

    /// <summary>Bytes that learning holds at its peak, beside the edges that it finds.</summary>
    /// <param name="store">A store with sparse sites.</param>
    /// <param name="options">How.</param>
    /// <exception cref="InputException">The store has no sparse site, or a shard is damaged.</exception>
    public static long EstimateBytes(ActivationStoreReader store, FeatureCircuitOptions options)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        return FeatureCircuitLearning.EstimateBytes(store, FeatureSite.Of(store), options.KeepPositions ? TextPositions.Of(store) : null, options, hasNumbers: true);
    }
}
