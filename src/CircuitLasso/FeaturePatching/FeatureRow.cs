namespace CircuitLasso;

/// <summary>One activation taken apart.</summary>
/// <param name="indices">Active features, ascending.</param>
/// <param name="values">Their g.</param>
/// <param name="error">The error.</param>
internal readonly ref struct FeatureRow(ReadOnlySpan<int> indices, ReadOnlySpan<float> values, ReadOnlySpan<float> error)
{
    /// <summary>Active features, ascending.</summary>
    public readonly ReadOnlySpan<int> Indices = indices;

    /// <summary>Their g = s f.</summary>
    public readonly ReadOnlySpan<float> Values = values;

    /// <summary>The error.</summary>
    public readonly ReadOnlySpan<float> Error = error;
}
