namespace CircuitLasso.Tensors;

/// <content>Weights that are stored narrow.</content>
public sealed partial class Tensor
{
    /// <summary>How the values are stored. Operations produce float32, and all of them compute in it.</summary>
    public StoredType StoredType => Storage.StoredType;

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
