using System.Collections.Concurrent;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Computes the columns of a <see cref="SharedGram"/> in parallel, a fixed run of columns to a task, and keeps each in the form that suits it.
/// Stops where the columns together take more bytes than they may.
/// </summary>
internal sealed class SharedGramBuilder(int columns, int columnsPerTask, long maximumBytes)
{
    // A column with more entries than this share is kept whole: reading it in order is faster than looking up its entries.
    private const double DenseShare = 0.1;
    private readonly GramChunk[] _chunks = new GramChunk[(columns + columnsPerTask - 1) / columnsPerTask];
    private long _bytes;

    /// <summary>Fills the sums of a column, which are zero; returns the only indices where they can be other than zero, ascending, or null for all.</summary>
    public delegate int[]? Fill(int column, Span<double> sums);

    /// <summary>Whether the columns took too many bytes; then nothing is left of them.</summary>
    public bool IsFull => Interlocked.Read(ref _bytes) > maximumBytes;

    /// <summary>Bytes of the sums and of the entries that wait for their place, one of each for every processor, whatever the number of threads.</summary>
    public static long WorkingBytes(int columns, int columnsPerTask) => Environment.ProcessorCount * columns * (8L + (8L * columnsPerTask));

    public static bool IsDense(int columns, int entries) => entries > DenseShare * columns;

    /// <summary>Bytes that a column of so many entries takes.</summary>
    public static long Bytes(int columns, int entries) => IsDense(columns, entries) ? 4L * columns : 8L * entries;

    /// <summary>Computes all columns.</summary>
    /// <param name="fill">Makes, for each thread, what computes one.</param>
    /// <param name="done">Told which columns are done, several at a time, by several threads.</param>
    /// <param name="cancellationToken">Stops between tasks.</param>
    public void Run(Func<Fill> fill, Action<IEnumerable<int>> done, CancellationToken cancellationToken)
    {
        ConcurrentBag<(Fill Fill, double[] Sums, float[] Values, int[] Indices)> spares = [];
        try
        {
            DeterministicParallel.For(
                _chunks.Length,
                task =>
                {
                    if (IsFull)
                    {
                        return;
                    }

                    (Fill Fill, double[] Sums, float[] Values, int[] Indices) memory = spares.TryTake(out (Fill Fill, double[] Sums, float[] Values, int[] Indices) spare)
                        ? spare
                        : (fill(), new double[columns], new float[columns * columnsPerTask], new int[columns * columnsPerTask]);
                    int first = task * columnsPerTask, count = Math.Min(columnsPerTask, columns - first);
                    _chunks[task] = Chunk(first, count, memory.Fill, memory.Sums, memory.Values, memory.Indices);
                    spares.Add(memory);
                    Interlocked.Add(ref _bytes, _chunks[task].Bytes);
                    done(Enumerable.Range(first, count));
                },
                cancellationToken);
        }
        catch
        {
            Free();
            throw;
        }

        if (IsFull)
        {
            Free();
        }
    }

    /// <summary>The matrix; see <see cref="SharedGram.Offsets"/>.</summary>
    public SharedGram Finish(double[] offsets) => new(columns, columnsPerTask, _chunks, offsets);

    /// <summary>Computes some neighbouring columns and packs them; the memory is used again, the sums being zero before and after.</summary>
    public static GramChunk Chunk(int first, int count, Fill fill, double[] sums, float[] values, int[] indices)
    {
        int[] valueStarts = new int[count + 1], indexStarts = new int[count + 1];
        for (int i = 0; i < count; i++)
        {
            int[]? reach = fill(first + i, sums);
            int value = valueStarts[i], index = indexStarts[i], entries = 0;
            if (reach is null)
            {
                entries = CountEntries(sums);
            }

            if (IsDense(sums.Length, entries))
            {
                TensorPrimitives.ConvertTruncating<double, float>(sums, values.AsSpan(value, sums.Length));
                (valueStarts[i + 1], indexStarts[i + 1]) = (value + sums.Length, index);
                Array.Clear(sums);
                continue;
            }

            if (reach is null)
            {
                for (int j = NextEntry(sums, 0); j < sums.Length; j = NextEntry(sums, j + 1))
                {
                    values[value++] = (float)sums[j];
                    indices[index++] = j;
                }

                Array.Clear(sums);
            }
            else
            {
                foreach (int j in reach)
                {
                    if (sums[j] != 0)
                    {
                        values[value++] = (float)sums[j];
                        indices[index++] = j;
                        sums[j] = 0;
                    }
                }
            }

            (valueStarts[i + 1], indexStarts[i + 1]) = (value, index);
        }

        return new GramChunk(valueStarts, indexStarts, values, indices);
    }

    private void Free()
    {
        foreach (GramChunk? chunk in _chunks)
        {
            chunk?.Dispose();
        }
    }

    // Where the next number other than zero is, from here on; the end where there is none.
    private static int NextEntry(double[] sums, int from)
    {
        while (from < sums.Length && sums[from] == 0)
        {
            from += from + Vector<double>.Count <= sums.Length && Vector.EqualsAll(new Vector<double>(sums, from), Vector<double>.Zero) ? Vector<double>.Count : 1;
        }

        return from;
    }

    private static int CountEntries(ReadOnlySpan<double> sums)
    {
        ReadOnlySpan<Vector<double>> vectors = MemoryMarshal.Cast<double, Vector<double>>(sums);
        Vector<long> zeros = Vector<long>.Zero;
        foreach (Vector<double> values in vectors)
        {
            // A comparison that holds is minus one.
            zeros -= Vector.Equals(values, Vector<double>.Zero);
        }

        ReadOnlySpan<double> rest = sums[(vectors.Length * Vector<double>.Count)..];
        return sums.Length - (int)Vector.Sum(zeros) - rest.Count(0);
    }
}
