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

        LargestNorm = Math.Sqrt(_diagonal.Max());
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

    /// <summary>The largest norm of a column.</summary>
    internal double LargestNorm { get; }

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

    /// <summary>y += factor times a column.</summary>
    internal void AddScaled(double factor, int column, Span<double> y)
    {
        GramChunk chunk = _chunks[column / _columnsPerChunk];
        ReadOnlySpan<float> values = chunk.Values(column % _columnsPerChunk);
        if (values.Length == Columns)
        {
            VectorLoops.AddScaled(factor, values, y);
        }
        else
        {
            VectorLoops.Scatter(factor, chunk.Indices(column % _columnsPerChunk), values, y);
        }
    }

    /// <summary>The entries of a column at some indices.</summary>
    internal void Gather(int column, ReadOnlySpan<int> at, Span<float> entries)
    {
        GramChunk chunk = _chunks[column / _columnsPerChunk];
        ReadOnlySpan<float> values = chunk.Values(column % _columnsPerChunk);
        if (values.Length == Columns)
        {
            for (int i = 0; i < at.Length; i++)
            {
                entries[i] = values[at[i]];
            }

            return;
        }

        ReadOnlySpan<int> indices = chunk.Indices(column % _columnsPerChunk);
        for (int i = 0; i < at.Length; i++)
        {
            int found = indices.BinarySearch(at[i]);
            entries[i] = found < 0 ? 0 : values[found];
        }
    }

    // A compressed column never has an entry at every index: it would be whole.
    private bool IsDense(int column) => _chunks[column / _columnsPerChunk].Values(column % _columnsPerChunk).Length == Columns;
}
