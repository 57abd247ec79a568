using System.Runtime.Intrinsics.X86;

namespace CircuitLasso.Numerics;

/// <summary>Sums of the rows of a sparse matrix. The order of summation is that of the rows asked for, on every processor. Thread-safe.</summary>
public static class SparseRows
{
    // Rows lie anywhere in memory: where the starts of some are fetched so far ahead, and the entries half as far, the sums need not wait.
    private const int StartsAhead = 16;
    private const int EntriesAhead = 8;
    private const int EntriesPerLine = 16;

    /// <summary>sums[j] += weights[i] times entry (at[i], j), for every i in order.</summary>
    /// <param name="rows">The transpose: its columns are the rows.</param>
    /// <param name="at">The rows.</param>
    /// <param name="weights">The weight of each, at least as many.</param>
    /// <param name="sums">One sum for every column of the matrix, at least.</param>
    /// <exception cref="ArgumentException">There are too few weights or sums.</exception>
    /// <exception cref="IndexOutOfRangeException">There is no such row; sums may have changed.</exception>
    public static unsafe void AddScaled(CompressedColumns<float> rows, ReadOnlySpan<int> at, ReadOnlySpan<float> weights, Span<double> sums)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (weights.Length < at.Length || sums.Length < rows.RowCount)
        {
            throw new ArgumentException($"{at.Length} rows of {rows.RowCount} columns have {weights.Length} weights and {sums.Length} sums");
        }

        ReadOnlySpan<long> bounds = rows.ColumnStarts;
        fixed (long* starts = bounds)
        fixed (int* indices = rows.RowIndices)
        fixed (float* values = rows.Values)
        fixed (double* y = sums)
        {
            for (int i = 0; i < at.Length; i++)
            {
                if (Sse.IsSupported)
                {
                    FetchAhead(starts, indices, values, at, i, rows.ColumnCount);
                }

                long start = bounds[at[i]];
                AddScaled(weights[i], indices + start, values + start, bounds[at[i] + 1] - start, y);
            }
        }
    }

    private static unsafe void FetchAhead(long* starts, int* indices, float* values, ReadOnlySpan<int> at, int i, int count)
    {
        if (i + StartsAhead < at.Length)
        {
            Sse.Prefetch0(starts + at[i + StartsAhead]);
        }

        if (i + EntriesAhead < at.Length && (uint)at[i + EntriesAhead] < (uint)count)
        {
            // Of a long row the processor fetches the rest by itself, and past the end of the arrays nothing is fetched.
            long start = starts[at[i + EntriesAhead]];
            Sse.Prefetch0(indices + start);
            Sse.Prefetch0(values + start);
            Sse.Prefetch0(indices + start + EntriesPerLine);
            Sse.Prefetch0(values + start + EntriesPerLine);
        }
    }

    // No two entries of a row share a column, so that four may be on their way at once.
    private static unsafe void AddScaled(double weight, int* indices, float* values, long count, double* y)
    {
        long k = 0;
        for (; k + 3 < count; k += 4)
        {
            int first = indices[k], second = indices[k + 1], third = indices[k + 2], fourth = indices[k + 3];
            double a = y[first] + (weight * values[k]), b = y[second] + (weight * values[k + 1]);
            double c = y[third] + (weight * values[k + 2]), d = y[fourth] + (weight * values[k + 3]);
            (y[first], y[second], y[third], y[fourth]) = (a, b, c, d);
        }

        for (; k < count; k++)
        {
            y[indices[k]] += weight * values[k];
        }
    }
}
