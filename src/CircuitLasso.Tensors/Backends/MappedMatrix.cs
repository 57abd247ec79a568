using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>
/// Where a mapped file keeps a matrix: entry (row, column) is number <c>row RowStride + column ColumnStride</c> from <see cref="Offset"/> on. So a matrix that is
/// stored transposed, or beside others in one tensor, is read where it lies.
/// </summary>
public sealed record MappedMatrix
{
    /// <summary>The file.</summary>
    public required MemoryMappedBytes File { get; init; }

    /// <summary>The first byte of entry (0, 0), counted from the start of the file.</summary>
    public required long Offset { get; init; }

    /// <summary>How the numbers are stored, little-endian.</summary>
    public required StoredType StoredType { get; init; }

    /// <summary>Number of rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Number of columns.</summary>
    public required int Columns { get; init; }

    /// <summary>From one row to the next, in numbers.</summary>
    public required long RowStride { get; init; }

    /// <summary>From one column to the next, in numbers; this or <see cref="RowStride"/> is 1.</summary>
    public required long ColumnStride { get; init; }

    /// <summary>Number of entries.</summary>
    public long Length => (long)Rows * Columns;

    internal bool IsContiguous => ColumnStride == 1 && (RowStride == Columns || Rows == 1);

    internal void Check()
    {
        int size = StoredType == StoredType.Float32 ? sizeof(float) : sizeof(ushort);
        bool isStrided = Rows > 0 && Columns > 0 && RowStride > 0 && ColumnStride > 0 && Math.Min(RowStride, ColumnStride) == 1 && Math.Max(RowStride, ColumnStride) <= int.MaxValue;
        if (!isStrided || Offset < 0 || Offset > File.Length || ((Rows - 1) * RowStride) + ((Columns - 1) * ColumnStride) >= (File.Length - Offset) / size)
        {
            throw new ArgumentException($"A matrix of {Rows} x {Columns} {StoredType} with strides {RowStride} and {ColumnStride} at byte {Offset} is not inside the {File.Length} bytes of {File.Path}.");
        }

        if (StoredType == StoredType.Float32 && Offset % sizeof(float) != 0)
        {
            throw new ArgumentException($"float32 numbers at byte {Offset} of {File.Path} are not aligned.");
        }
    }
}
