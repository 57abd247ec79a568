using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// X'X in float32, a hybrid: columns with entries at more than a tenth of the indices are kept whole, the others by the indices of their
/// entries. Made by <see cref="SharedDesign.ComputeGram"/>.
/// </summary>
/// <remarks>Immutable; safe for several threads. Lives outside the managed heap: dispose of it.</remarks>
public sealed class SharedGram : IDisposable
{
    private readonly GramChunk[] _chunks;
    private readonly int _columnsPerChunk;
    private readonly float[] _diagonal;
    private readonly double[] _offsets;

    internal SharedGram(int columns, int columnsPerChunk, GramChunk[] chunks, double[] offsets)
    {
        Columns = columns;
        _offsets = offsets;
        _columnsPerChunk = columnsPerChunk;
        _chunks = chunks;
        _diagonal = new float[columns];
        Span<int> index = stackalloc int[1];
        for (int j = 0; j < columns; j++)
        {
            index[0] = j;
            Gather(j, index, _diagonal.AsSpan(j, 1));
            DenseColumns += IsDense(j) ? 1 : 0;
        }
    }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Number of columns that are kept whole.</summary>
    public int DenseColumns { get; }

    /// <summary>Bytes of the entries and their indices.</summary>
    public long Bytes => _chunks.Sum(static chunk => chunk.Bytes);

    /// <summary>The squared norms of the design's columns.</summary>
    public ReadOnlySpan<float> Diagonal => _diagonal;

    /// <summary>What the entries of a sparse design lack to be centred: G[i,j] is the entry less <c>Offsets[i] Offsets[j]</c>. Empty where they lack nothing.</summary>
    internal ReadOnlySpan<double> Offsets => _offsets;

    /// <summary>One entry.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column.</param>
    public float this[int row, int column]
    {
        get
        {
            Span<float> value = stackalloc float[1];
            Gather(column, [row], value);
            return value[0];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GramChunk chunk in _chunks)
        {
            chunk.Dispose();
        }
    }

    /// <summary>q -= G w over some ranges of indices; elsewhere q holds anything afterwards.</summary>
    internal void Subtract(ReadOnlySpan<int> columns, ReadOnlySpan<double> weights, ReadOnlySpan<ColumnRange> ranges, Span<double> q)
    {
        // Whole columns four at a time, so that q is read and written once for the four.
        Span<int> held = stackalloc int[4];
        int count = 0;
        double offset = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            if (weights[i] == 0)
            {
                continue;
            }

            int column = columns[i];
            offset += _offsets.Length > 0 ? weights[i] * _offsets[column] : 0;
            ReadOnlySpan<float> values = ValuesOf(column);
            if (values.Length < Columns)
            {
                VectorLoops.Scatter(-weights[i], IndicesOf(column), values, q);
                continue;
            }

            held[count++] = i;
            if (count == held.Length)
            {
                foreach (ColumnRange range in ranges)
                {
                    VectorLoops.AddScaled(
                        -weights[held[0]], Part(columns[held[0]], range), -weights[held[1]], Part(columns[held[1]], range), -weights[held[2]], Part(columns[held[2]], range), -weights[held[3]], Part(columns[held[3]], range), q.Slice(range.Start, range.Length));
                }

                count = 0;
            }
        }

        foreach (ColumnRange range in ranges)
        {
            Span<double> part = q.Slice(range.Start, range.Length);
            foreach (int i in held[..count])
            {
                VectorLoops.AddScaled(-weights[i], Part(columns[i], range), part);
            }

            if (offset != 0)
            {
                VectorLoops.AddScaled(offset, _offsets.AsSpan(range.Start, range.Length), part);
            }
        }
    }

    /// <summary>The entries of a column at some indices; <paramref name="places"/> holds for each of these its number from 1, for others 0.</summary>
    internal void Gather(int column, ReadOnlySpan<int> at, ReadOnlySpan<int> places, Span<float> entries)
    {
        ReadOnlySpan<float> values = ValuesOf(column);
        ReadOnlySpan<int> indices = IndicesOf(column);
        if (values.Length == Columns || at.Length < indices.Length / 8)
        {
            Gather(column, at, entries);
        }
        else
        {
            entries.Clear();
            for (int i = 0; i < indices.Length; i++)
            {
                int place = places[indices[i]];
                if (place > 0)
                {
                    entries[place - 1] = values[i];
                }
            }
        }

        for (int i = 0; i < at.Length && _offsets.Length > 0; i++)
        {
            entries[i] = (float)(entries[i] - (_offsets[column] * _offsets[at[i]]));
        }
    }

    private ReadOnlySpan<float> ValuesOf(int column) => _chunks[column / _columnsPerChunk].Values(column % _columnsPerChunk);

    private ReadOnlySpan<int> IndicesOf(int column) => _chunks[column / _columnsPerChunk].Indices(column % _columnsPerChunk);

    private ReadOnlySpan<float> Part(int column, ColumnRange range) => ValuesOf(column).Slice(range.Start, range.Length);

    private void Gather(int column, ReadOnlySpan<int> at, Span<float> entries)
    {
        ReadOnlySpan<float> values = ValuesOf(column);
        if (values.Length == Columns)
        {
            for (int i = 0; i < at.Length; i++)
            {
                entries[i] = values[at[i]];
            }

            return;
        }

        ReadOnlySpan<int> indices = IndicesOf(column);
        for (int i = 0; i < at.Length; i++)
        {
            int found = indices.BinarySearch(at[i]);
            entries[i] = found < 0 ? 0 : values[found];
        }
    }

    // A compressed column never has an entry at every index: it would be whole.
    private bool IsDense(int column) => _chunks[column / _columnsPerChunk].Values(column % _columnsPerChunk).Length == Columns;
}
