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
    private readonly double[] _offsets;

    internal SharedGram(int columns, int columnsPerChunk, GramChunk[] chunks, double[] offsets)
    {
        Columns = columns;
        _offsets = offsets;
        _columnsPerChunk = columnsPerChunk;
        _chunks = chunks;
        for (int j = 0; j < columns; j++)
        {
            DenseColumns += IsDense(j) ? 1 : 0;
        }
    }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Number of columns that are kept whole.</summary>
    public int DenseColumns { get; }

    /// <summary>Bytes of the entries and their indices.</summary>
    public long Bytes => _chunks.Sum(static chunk => chunk.Bytes);

    /// <summary>What the entries of a sparse design lack to be centred: G[i,j] is the entry less <c>Offsets[i] Offsets[j]</c>. Empty where they lack nothing.</summary>
    internal ReadOnlySpan<double> Offsets => _offsets;

    /// <summary>One entry.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column.</param>
    public float this[int row, int column]
    {
        get
        {
            DesignColumn found = Column(column);
            int place = found.IsWhole ? row : found.Rows.BinarySearch(row);
            return place < 0 ? 0 : found.Values[place];
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

    /// <summary>What reads the columns for one thread.</summary>
    internal GramReader CreateReader() => new Reader(this);

    // A compressed column never has an entry at every index: it would be whole.
    private bool IsDense(int column) => _chunks[column / _columnsPerChunk].Values(column % _columnsPerChunk).Length == Columns;

    private DesignColumn Column(int column) => _chunks[column / _columnsPerChunk].Column(column % _columnsPerChunk, Columns);

    private sealed class Reader(SharedGram gram) : GramReader(gram.Columns, gram._offsets)
    {
        public override void Dispose()
        {
            // The matrix belongs to whoever made it.
        }

        public override void Fetch(int column, int start) => Fetch(gram.Column(column), start);

        protected override DesignColumn Column(int column) => gram.Column(column);
    }
}
