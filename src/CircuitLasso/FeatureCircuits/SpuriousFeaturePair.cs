namespace CircuitLasso;

/// <summary>A strong edge between features whose decoder directions do not overlap.</summary>
/// <param name="Source">The parent.</param>
/// <param name="Target">The child.</param>
/// <param name="Weight">The edge's weight.</param>
/// <param name="Cosine">The cosine of the directions.</param>
/// <param name="Effect">What ablating the parent takes from the child, as a share of its activation; null where that was not measured, and the pair only looks spurious.</param>
public sealed record SpuriousFeaturePair(string Source, string Target, double Weight, double Cosine, double? Effect);
