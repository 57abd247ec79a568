using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Rows of sparse features (CSR) outside the managed heap: of every row the indices of its active features, ascending, and their values.
/// It grows as rows are added. Reading from several threads is safe while nobody adds.
/// </summary>
public sealed class SparseFeatureRows : IDisposable
{
    private const int FirstCapacity = 1 << 10;
    private readonly List<long> _starts = [0];
    private NativeBuffer<int> _indices = new(FirstCapacity, zeroed: false);
    private NativeBuffer<float> _values = new(FirstCapacity, zeroed: false);

    /// <summary>Starts with no rows.</summary>
    /// <param name="featureCount">Number of columns, at least one.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no columns.</exception>
    public SparseFeatureRows(int featureCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(featureCount, 1);
        FeatureCount = featureCount;
    }

    /// <summary>Number of columns.</summary>
    public int FeatureCount { get; }

    /// <summary>Number of rows.</summary>
    public int RowCount => _starts.Count - 1;

    /// <summary>Number of active features of all rows together.</summary>
    public long EntryCount => _starts[^1];

    /// <summary>Where each row's entries start, and in the end where the last row's end: one more than there are rows. Valid until a row is added.</summary>
    public ReadOnlySpan<long> RowStarts => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_starts);

    /// <summary>The indices of all rows, row after row. Valid until a row is added.</summary>
    /// <exception cref="OverflowException">There are more than 2^31 - 1 of them; take them row by row.</exception>
    public ReadOnlySpan<int> EntryIndices => _indices.Slice(0, checked((int)EntryCount));

    /// <summary>The values of all rows, row after row. Valid until a row is added.</summary>
    /// <exception cref="OverflowException">There are more than 2^31 - 1 of them; take them row by row.</exception>
    public ReadOnlySpan<float> EntryValues => _values.Slice(0, checked((int)EntryCount));

    /// <summary>The active features of a row, ascending. Valid until a row is added.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<int> Indices(int row) => WritableIndices(row);

    /// <summary>The values of a row's active features. Valid until a row is added.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<float> Values(int row) => WritableValues(row);

    /// <summary>Adds a row.</summary>
    /// <param name="indices">Its active features, ascending, each once.</param>
    /// <param name="values">Their values.</param>
    /// <exception cref="ArgumentException">The lengths differ, or the indices do not ascend or are no columns.</exception>
    public void Add(ReadOnlySpan<int> indices, ReadOnlySpan<float> values)
    {
        int previous = -1;
        foreach (int index in indices)
        {
            if (index <= previous || index >= FeatureCount)
            {
                throw new ArgumentException($"Feature {index} follows feature {previous} of {FeatureCount}.", nameof(indices));
            }

            previous = index;
        }

        if (indices.Length != values.Length)
        {
            throw new ArgumentException($"There are {indices.Length} indices and {values.Length} values.", nameof(values));
        }

        AddRows([indices.Length]);
        indices.CopyTo(WritableIndices(RowCount - 1));
        values.CopyTo(WritableValues(RowCount - 1));
    }

    /// <summary>Removes all rows and keeps the memory.</summary>
    public void Clear() => _starts.RemoveRange(1, RowCount);

    /// <summary>Frees the memory. Calling it again does nothing.</summary>
    public void Dispose()
    {
        _indices.Dispose();
        _values.Dispose();
    }

    /// <summary>Adds rows of the given numbers of entries, whose indices and values the caller then writes.</summary>
    internal void AddRows(ReadOnlySpan<int> counts)
    {
        long end = EntryCount;
        foreach (int count in counts)
        {
            end += count;
        }

        if (end > _indices.Length)
        {
            nint capacity = (nint)Math.Max(end, 2 * _indices.Length);
            _indices = Grown(_indices, capacity);
            _values = Grown(_values, capacity);
        }

        foreach (int count in counts)
        {
            _starts.Add(_starts[^1] + count);
        }
    }

    internal Span<int> WritableIndices(int row) => Row(_indices, row);

    internal Span<float> WritableValues(int row) => Row(_values, row);

    private Span<T> Row<T>(NativeBuffer<T> entries, int row)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        return entries.Slice((nint)_starts[row], (int)(_starts[row + 1] - _starts[row]));
    }

    private NativeBuffer<T> Grown<T>(NativeBuffer<T> old, nint capacity)
        where T : unmanaged
    {
        const int step = 1 << 24;
        NativeBuffer<T> grown = new(capacity, zeroed: false);
        for (nint start = 0; start < (nint)EntryCount; start += step)
        {
            int length = (int)Math.Min(step, (nint)EntryCount - start);
            old.Slice(start, length).CopyTo(grown.Slice(start, length));
        }

        old.Dispose();
        return grown;
    }
}
