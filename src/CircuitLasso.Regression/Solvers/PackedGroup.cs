namespace CircuitLasso.Regression;

/// <summary>A group of a working set: where its columns start there, its part of G, its weight, and kappa, half of lambda times that.</summary>
internal readonly record struct PackedGroup(int Start, GroupBlock Block, double Weight, double Kappa)
{
    public int Size => Block.Size;

    /// <summary>The norm of the group's part of a vector over the working set.</summary>
    public double Norm(ReadOnlySpan<double> vector)
    {
        ReadOnlySpan<double> part = vector.Slice(Start, Size);
        return Size == 1 ? Math.Abs(part[0]) : Math.Sqrt(VectorLoops.Dot(part, part));
    }
}
