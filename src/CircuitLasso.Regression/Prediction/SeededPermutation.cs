namespace CircuitLasso.Regression;

/// <summary>A permutation from a seed: Fisher and Yates on the generator SplitMix64 (Steele, Lea and Flood 2014), the same on every machine and runtime.</summary>
internal static class SeededPermutation
{
    public static int[] Of(int count, ulong seed, ulong stream)
    {
        ulong state = seed + (stream * 0xD1342543DE82EF95UL) + 1;
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            state += 0x9E3779B97F4A7C15UL;
            ulong z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            z ^= z >> 31;

            // The high half of a 128-bit product: a bias of at most count / 2^64.
            int j = (int)Math.BigMul(z, (ulong)i + 1, out _);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
