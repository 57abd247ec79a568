namespace CircuitLasso.Numerics;

/// <summary>Arithmetic on shapes that come from files and may be absurd.</summary>
internal static class DenseShape
{
    /// <summary>The most dimensions that are read, as in NumPy 2.</summary>
    public const int MaximumRank = 64;

    /// <summary>
    /// Bytes of a dense array, or null where the shape is negative or too large. Zeros count as ones in that check, so that every partial product of
    /// the dimensions of an accepted shape fits too.
    /// </summary>
    /// <param name="shape">The dimensions.</param>
    /// <param name="elementSize">Bytes of one element.</param>
    public static long? ByteLength(IEnumerable<long> shape, int elementSize)
    {
        Int128 bound = elementSize;
        bool isEmpty = false;
        foreach (long dimension in shape)
        {
            isEmpty |= dimension == 0;
            bound *= Math.Max(dimension, 1);
            if (dimension < 0 || bound > long.MaxValue)
            {
                return null;
            }
        }

        return isEmpty ? 0 : (long)bound;
    }
}
