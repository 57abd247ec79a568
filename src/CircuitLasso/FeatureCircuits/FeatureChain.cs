namespace CircuitLasso;

/// <summary>A concept that persists from site to site.</summary>
/// <param name="Nodes">The features, in computation order.</param>
/// <param name="Cosines">The cosine of each with the next.</param>
public sealed record FeatureChain(IReadOnlyList<string> Nodes, IReadOnlyList<double> Cosines);
