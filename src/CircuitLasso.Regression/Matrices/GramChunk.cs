using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Some neighbouring columns of a <see cref="SharedGram"/>: whole ones, and ones with the indices of their entries.</summary>
internal sealed class GramChunk : IDisposable
{
    private readonly int[] _valueStarts;
    private readonly int[] _indexStarts;
    private readonly NativeBuffer<float> _values;
    private readonly NativeBuffer<int> _indices;

    public GramChunk(int[] valueStarts, int[] indexStarts, float[] values, int[] indices)
    {
        _valueStarts = valueStarts;
        _indexStarts = indexStarts;
        _values = new NativeBuffer<float>(valueStarts[^1], zeroed: false);
        values.AsSpan(0, valueStarts[^1]).CopyTo(_values.Span);
        _indices = new NativeBuffer<int>(indexStarts[^1], zeroed: false);
        indices.AsSpan(0, indexStarts[^1]).CopyTo(_indices.Span);
    }

    public long Bytes => 4L * (_values.Length + _indices.Length);

    /// <summary>The values of a column; all of them where it has no indices.</summary>
    public ReadOnlySpan<float> Values(int column) => _values.Slice(_valueStarts[column], _valueStarts[column + 1] - _valueStarts[column]);

    /// <summary>The indices of a column's values, ascending; none where the column is whole, or empty.</summary>
    public ReadOnlySpan<int> Indices(int column) => _indices.Slice(_indexStarts[column], _indexStarts[column + 1] - _indexStarts[column]);

    /// <summary>A column: whole, or its entries by index.</summary>
    /// <param name="column">The column, from the first of these.</param>
    /// <param name="length">The length of a whole column; a compressed one never has so many entries.</param>
    public DesignColumn Column(int column, int length)
    {
        ReadOnlySpan<float> values = Values(column);
        return new DesignColumn(Indices(column), values, values.Length == length);
    }

    public void Dispose()
    {
        _values.Dispose();
        _indices.Dispose();
    }
}
