namespace CircuitLasso.Regression;

/// <summary>Neighbouring columns.</summary>
internal readonly record struct ColumnRange(int Start, int Length)
{
    public int End => Start + Length;
}
