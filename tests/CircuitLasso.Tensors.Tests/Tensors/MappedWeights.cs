using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tensors.Tests;

/// <summary>A random matrix in a file, in some type and order, and the same numbers in memory.</summary>
internal sealed class MappedWeights : IDisposable
{
    private const int Start = 12;
    private readonly TemporaryFolder _folder = new();
    private readonly MemoryMappedBytes _file;
    private readonly string _path;

    public MappedWeights(StoredType type, string layout, int rows, int columns)
    {
        (int width, int first, long rowStride, long columnStride) = layout switch
        {
            "rows" => (columns, 0, columns, 1L),
            "transposed" => (rows, 0, 1L, (long)rows),
            "columns of a wider one" => ((3 * rows) + 1, rows, 1L, (3L * rows) + 1),
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };
        int size = type == StoredType.Float32 ? 4 : 2;
        RandomSource random = new(1);
        byte[] bytes = new byte[Start + (size * width * (layout == "rows" ? rows : columns))];
        float[] values = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                float value = (float)random.NextNormal();
                Span<byte> place = bytes.AsSpan(Start + (int)(size * (first + (row * rowStride) + (column * columnStride))));
                switch (type)
                {
                    case StoredType.Float32:
                        BitConverter.TryWriteBytes(place, value);
                        break;
                    case StoredType.Float16:
                        BitConverter.TryWriteBytes(place, (Half)value);
                        value = (float)(Half)value;
                        break;
                    default:
                        BitConverter.TryWriteBytes(place, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                        value = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000);
                        break;
                }

                values[(row * columns) + column] = value;
            }
        }

        _path = _folder.PathOf("weights.bin");
        File.WriteAllBytes(_path, bytes);
        _file = new MemoryMappedBytes(_path);
        Wide = Tensor.FromValues(values, rows, columns);
        Mapped = Tensor.FromMapped(
            new MappedMatrix { File = _file, Offset = Start + (size * first), StoredType = type, Rows = rows, Columns = columns, RowStride = rowStride, ColumnStride = columnStride },
            rows,
            columns);
    }

    public Tensor Mapped { get; }

    public Tensor Wide { get; }

    public void Cut()
    {
        using FileStream stream = new(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.SetLength(Start);
    }

    public void Dispose()
    {
        Mapped.Dispose();
        Wide.Dispose();
        _file.Dispose();
        _folder.Dispose();
    }
}
