namespace CircuitLasso.Tensors;

/// <content>Weights that are stored narrow.</content>
public sealed partial class Tensor
{
    /// <summary>How the values are stored. Operations produce float32, and all of them compute in it.</summary>
    public StoredType StoredType => Storage.StoredType;

    /// <summary>Whether the values are float32 and lie one after the other: every operation takes such a tensor, and few take others.</summary>
    public bool IsPlain => Storage.IsPlain;

    /// <summary>Whether the values lie in a mapped file, and cannot be written to.</summary>
    public bool IsReadOnly => Storage.IsReadOnly;

    /// <summary>
    /// A constant that stays in a mapped file, in the type and the order that it has there. What takes it as it is, and what does not, is as for <see cref="FromStored"/>.
    /// </summary>
    /// <param name="matrix">Where it lies; the file must stay mapped as long as the tensor or one that shares its storage is used.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements than the matrix, or the matrix is not inside the file.</exception>
    public static Tensor FromMapped(MappedMatrix matrix, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (TensorShape.Count(shape) != matrix.Length)
        {
            throw new ArgumentException($"{matrix.Length} numbers do not fill the shape {TensorShape.Describe(shape)}.", nameof(matrix));
        }

        return new Tensor(TensorBackend.Default.Map(matrix), shape.ToArray());
    }

    /// <summary>
    /// A constant stored as it comes from a file: half the memory of float32 for the 16-bit types. <see cref="MatrixOperations"/> and
    /// <see cref="IndexOperations.Embedding"/> take it as it is; for all other uses <see cref="Clone"/> it, which gives float32.
    /// </summary>
    /// <param name="type">How the bytes are to be read.</param>
    /// <param name="littleEndianBytes">The values in row-major order.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <exception cref="ArgumentException">The number of bytes is not that of the shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative.</exception>
    public static Tensor FromStored(StoredType type, ReadOnlySpan<byte> littleEndianBytes, params ReadOnlySpan<int> shape)
    {
        long bytes = TensorShape.Count(shape) * (type == StoredType.Float32 ? 4 : 2);
        if (bytes != littleEndianBytes.Length)
        {
            throw new ArgumentException($"{littleEndianBytes.Length} bytes do not fill the shape {TensorShape.Describe(shape)} with {type}.", nameof(littleEndianBytes));
        }

        return new Tensor(TensorBackend.Default.Store(type, littleEndianBytes), shape.ToArray());
    }
}
