namespace CircuitLasso.Regression;

/// <summary>A column of a <see cref="SharedDesign"/>: its entries by ascending row, or all of its values.</summary>
/// <param name="rows">The rows of the entries; empty for a whole column.</param>
/// <param name="values">The values of the entries, or of all rows.</param>
/// <param name="isWhole">Whether there is a value for every row.</param>
internal readonly ref struct DesignColumn(ReadOnlySpan<int> rows, ReadOnlySpan<float> values, bool isWhole)
{
    /// <summary>The rows of the entries; empty for a whole column.</summary>
    public ReadOnlySpan<int> Rows { get; } = rows;

    /// <summary>The values of the entries, or of all rows.</summary>
    public ReadOnlySpan<float> Values { get; } = values;

    /// <summary>Whether there is a value for every row.</summary>
    public bool IsWhole { get; } = isWhole;

    /// <summary>Sum over rows of the column times a vector.</summary>
    public double Dot(ReadOnlySpan<double> vector) => IsWhole ? VectorLoops.Dot(Values, vector) : VectorLoops.Dot(Rows, Values, vector);

    /// <summary>vector += factor times the column.</summary>
    public void AddScaledTo(double factor, Span<double> vector)
    {
        if (IsWhole)
        {
            VectorLoops.AddScaled(factor, Values, vector);
        }
        else
        {
            VectorLoops.Scatter(factor, Rows, Values, vector);
        }
    }
}
