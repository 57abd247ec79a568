namespace CircuitLasso.Regression;

/// <summary>Chooses about the largest of some numbers in one pass, without putting them in order.</summary>
internal static class Ranking
{
    private const int Buckets = 256;

    /// <summary>
    /// A threshold that as many of the numbers reach as the rank says, or fewer by those of one bucket, a 256th of the way from the smallest
    /// to the largest; more only where the numbers of the last bucket alone are more.
    /// </summary>
    /// <param name="values">The numbers.</param>
    /// <param name="smallest">No number is below it.</param>
    /// <param name="rank">How many are wanted.</param>
    public static double Threshold(ReadOnlySpan<double> values, double smallest, int rank)
    {
        double largest = System.Numerics.Tensors.TensorPrimitives.Max(values), scale = (Buckets - 1) / (largest - smallest);
        if (!double.IsFinite(scale))
        {
            return smallest;
        }

        Span<int> counts = stackalloc int[Buckets];
        counts.Clear();
        foreach (double value in values)
        {
            counts[Bucket(value)]++;
        }

        int bucket = Buckets - 1, taken = counts[bucket];
        while (bucket > 0 && taken + counts[bucket - 1] <= rank)
        {
            bucket--;
            taken += counts[bucket];
        }

        // The smallest number of the bucket itself, so that rounding puts no number on the other side.
        double threshold = largest;
        foreach (double value in values)
        {
            threshold = Bucket(value) >= bucket ? Math.Min(threshold, value) : threshold;
        }

        return threshold;

        int Bucket(double value) => (int)((value - smallest) * scale);
    }
}
