namespace CircuitLasso.Numerics;

/// <summary>A matrix in memory that its owner keeps pinned: element (i, j) is <c>Start[i * RowStride + j * ColumnStride]</c>, and one stride is one.</summary>
internal readonly unsafe struct StridedMatrix<T>(T* start, nint rowStride, nint columnStride)
    where T : unmanaged
{
    public T* Start => start;

    public nint RowStride => rowStride;

    public nint ColumnStride => columnStride;

    /// <summary>The same elements with rows and columns exchanged.</summary>
    public StridedMatrix<T> Transposed => new(start, columnStride, rowStride);

    /// <summary>op(X) of a row-major X.</summary>
    public static StridedMatrix<T> Of(T* start, int leadingDimension, bool transpose) =>
        transpose ? new(start, 1, leadingDimension) : new(start, leadingDimension, 1);

    /// <summary>Where an element lies.</summary>
    public T* At(nint row, nint column) => start + (row * rowStride) + (column * columnStride);
}
