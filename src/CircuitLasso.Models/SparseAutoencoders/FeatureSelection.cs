using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace CircuitLasso.Models;

/// <summary>Picks the active features out of one dense row, vectorised.</summary>
internal static class FeatureSelection
{
    private const int SmallestBuffer = 64;

    /// <summary>Number of entries that are not zero.</summary>
    public static int CountNonZero(ReadOnlySpan<float> row)
    {
        int count = 0;
        int i = 0;
        for (; i <= row.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            count += Vector256<float>.Count - BitOperations.PopCount(Vector256.Equals(Vector256.Create(row[i..]), Vector256<float>.Zero).ExtractMostSignificantBits());
        }

        for (; i < row.Length; i++)
        {
            count += row[i] != 0 ? 1 : 0;
        }

        return count;
    }

    /// <summary>Copies the entries that are not zero; there are exactly as many as the destinations are long.</summary>
    public static void CopyNonZero(ReadOnlySpan<float> row, Span<int> indices, Span<float> values)
    {
        int written = 0;
        int i = 0;
        for (; i <= row.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            uint zeros = Vector256.Equals(Vector256.Create(row[i..]), Vector256<float>.Zero).ExtractMostSignificantBits();
            for (uint active = ~zeros & 0xFF; active != 0; active &= active - 1)
            {
                int index = i + BitOperations.TrailingZeroCount(active);
                indices[written] = index;
                values[written++] = row[index];
            }
        }

        for (; i < row.Length; i++)
        {
            if (row[i] != 0)
            {
                indices[written] = i;
                values[written++] = row[i];
            }
        }
    }

    /// <summary>
    /// The k largest entries above a bound, of equal ones the smaller index first, without those that are zero; written in ascending order of
    /// their indices. Exact: a buffer of a few times k candidates is cut down to the k best whenever it is full, and what is not above the least
    /// of those is passed over, many entries at a time. Not-a-numbers are never chosen.
    /// </summary>
    /// <param name="row">The entries.</param>
    /// <param name="k">How many, at least one.</param>
    /// <param name="bound">0 where negative entries are to be clipped, otherwise negative infinity.</param>
    /// <param name="indices">Takes k indices.</param>
    /// <param name="values">Takes k values.</param>
    /// <returns>How many were written.</returns>
    public static int Largest(ReadOnlySpan<float> row, int k, float bound, Span<int> indices, Span<float> values)
    {
        int capacity = Math.Max(SmallestBuffer, checked(2 * k));
        ulong[] rented = ArrayPool<ulong>.Shared.Rent(capacity);
        try
        {
            Span<ulong> candidates = rented.AsSpan(0, capacity);
            int count = 0;
            int i = 0;
            for (; i <= row.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                uint above = Vector256.GreaterThan(Vector256.Create(row[i..]), Vector256.Create(bound)).ExtractMostSignificantBits();
                for (; above != 0; above &= above - 1)
                {
                    int index = i + BitOperations.TrailingZeroCount(above);
                    Offer(candidates, ref count, k, ref bound, row[index], index);
                }
            }

            for (; i < row.Length; i++)
            {
                Offer(candidates, ref count, k, ref bound, row[i], i);
            }

            return Write(candidates[..KeepBest(candidates, count, k)], row, indices, values);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(rented);
        }
    }

    private static void Offer(Span<ulong> candidates, ref int count, int k, ref float bound, float value, int index)
    {
        if (!(value > bound))
        {
            return;
        }

        candidates[count++] = Key(value, index);
        if (count == candidates.Length)
        {
            // An entry equal to the least of the k best comes later than it, and of equal ones the earlier wins.
            count = KeepBest(candidates, count, k);
            bound = Value(candidates[0]);
        }
    }

    // Moves the k largest keys to the front, the least of them first.
    private static int KeepBest(Span<ulong> candidates, int count, int k)
    {
        if (count <= k)
        {
            return count;
        }

        candidates[..count].Sort();
        candidates[(count - k)..count].CopyTo(candidates);
        return k;
    }

    private static int Write(Span<ulong> best, ReadOnlySpan<float> row, Span<int> indices, Span<float> values)
    {
        for (int i = 0; i < best.Length; i++)
        {
            best[i] = Index(best[i]);
        }

        best.Sort();
        int written = 0;
        foreach (ulong index in best)
        {
            if (row[(int)index] != 0)
            {
                indices[written] = (int)index;
                values[written++] = row[(int)index];
            }
        }

        return written;
    }

    // Keys order as the values do, and among equal values the smaller index has the larger key.
    private static ulong Key(float value, int index)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint ordered = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return ((ulong)ordered << 32) | ~(uint)index;
    }

    private static uint Index(ulong key) => ~(uint)key;

    private static float Value(ulong key)
    {
        uint ordered = (uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((ordered & 0x80000000) != 0 ? ordered & 0x7FFFFFFF : ~ordered);
    }
}
