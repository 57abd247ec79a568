using System.Numerics;

namespace CircuitLasso.Numerics;

/// <summary>From compressed columns to compressed rows and back; also sorts what was not, and adds up what is there twice.</summary>
internal static class SparseTransposition
{
    /// <summary>
    /// Regroups entries by their minor index (Gustavson 1978). Within each new group the old major indices ascend, whatever their order was
    /// before; entries of one place become neighbours and are added up in the order they had.
    /// </summary>
    /// <param name="minorCount">Number of minor indices; all must be below it.</param>
    /// <param name="starts">Where each major group starts, and the end.</param>
    /// <param name="indices">The minor index of each entry.</param>
    /// <param name="values">The value of each entry.</param>
    public static (long[] Starts, int[] Indices, T[] Values) Run<T>(int minorCount, long[] starts, int[] indices, T[] values)
        where T : unmanaged, INumberBase<T>
    {
        // One more place than groups, so that the running ends become the starts.
        long[] ends = new long[minorCount + 1];
        foreach (int index in indices)
        {
            ends[index + 1]++;
        }

        for (int i = 0; i < minorCount; i++)
        {
            ends[i + 1] += ends[i];
        }

        long[] next = ends[..minorCount];
        int[] newIndices = new int[indices.Length];
        T[] newValues = new T[values.Length];
        for (int group = 0; group + 1 < starts.Length; group++)
        {
            for (long at = starts[group]; at < starts[group + 1]; at++)
            {
                long place = next[indices[at]]++;
                newIndices[place] = group;
                newValues[place] = values[at];
            }
        }

        return Merge(ends, newIndices, newValues);
    }

    /// <summary>Adds up neighbours of one place, within the arrays given.</summary>
    public static (long[] Starts, int[] Indices, T[] Values) Merge<T>(long[] starts, int[] indices, T[] values)
        where T : unmanaged, INumberBase<T>
    {
        long kept = 0, from = 0;
        for (int group = 0; group + 1 < starts.Length; group++)
        {
            long first = kept, end = starts[group + 1];
            for (long at = from; at < end; at++)
            {
                if (kept > first && indices[kept - 1] == indices[at])
                {
                    values[kept - 1] += values[at];
                }
                else
                {
                    indices[kept] = indices[at];
                    values[kept++] = values[at];
                }
            }

            (from, starts[group + 1]) = (end, kept);
        }

        return kept == values.Length ? (starts, indices, values) : (starts, indices[..(int)kept], values[..(int)kept]);
    }
}
