namespace CircuitLasso;

/// <summary>The thresholds by which <see cref="FeaturePhenomena"/> finds what it finds.</summary>
public sealed record FeaturePhenomenaOptions
{
    /// <summary>An edge is strong if its |weight| is at least this share of the largest that enters the same feature from a feature.</summary>
    public double StrongShare { get; init; } = 0.25;

    /// <summary>And if its child's sources explain at least this share of it; a child of which nothing is known counts as explained.</summary>
    public double MinimumExplained { get; init; } = 0.1;

    /// <summary>Two features are of one concept if the cosine of their decoder directions is at least this.</summary>
    public double SameConcept { get; init; } = 0.7;

    /// <summary>Two features do not overlap if the absolute cosine of their decoder directions is at most this.</summary>
    public double NoOverlap { get; init; } = 0.1;

    /// <summary>An edge has no effect if the measured one, as a share of the child's activation, is at most this in absolute value.</summary>
    public double NoEffect { get; init; } = 0.05;

    /// <summary>Features of a persistence chain, at least.</summary>
    public int ShortestChain { get; init; } = 3;
}
