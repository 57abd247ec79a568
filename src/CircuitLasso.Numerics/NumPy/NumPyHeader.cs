using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CircuitLasso.Numerics;

/// <summary>The header of an .npy file, versions 1.0 to 3.0: magic, version, length, and a Python dictionary literal.</summary>
internal sealed record NumPyHeader(NumPyDataType DataType, bool IsBigEndian, bool IsFortranOrder, IReadOnlyList<long> Shape)
{
    private const int MaximumLength = 1 << 16;

    /// <summary>What a user can do about a damaged array.</summary>
    public const string Remedy = "save the array again with numpy.save or numpy.savez";

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Bytes of the elements.</summary>
    public long DataLength => DenseShape.ByteLength(Shape, NumPyDataTypes.Size(DataType))!.Value;

    /// <summary>Reads the header and leaves the stream at the first element.</summary>
    /// <param name="source">The file, for messages.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="length">Bytes of the header, magic included.</param>
    public static NumPyHeader Read(string source, Stream stream, out int length)
    {
        Span<byte> prefix = stackalloc byte[12];
        int read = stream.ReadAtLeast(prefix[..10], 10, throwOnEndOfStream: false);
        if (read < 10 || !prefix.StartsWith(Magic))
        {
            throw new InputException(source, "is not an .npy array", Remedy);
        }

        int prefixLength = 10;
        uint textLength = BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..]);
        switch (prefix[6])
        {
            case 1:
                break;
            case 2 or 3:
                prefixLength = 12;
                if (stream.ReadAtLeast(prefix[10..], 2, throwOnEndOfStream: false) < 2)
                {
                    throw new InputException(source, "ends inside its header", Remedy);
                }

                textLength = BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]);
                break;
            default:
                throw new InputException(source, $"has the unknown .npy version {prefix[6]}.{prefix[7]}", Remedy);
        }

        if (textLength > MaximumLength)
        {
            throw new InputException(source, $"has a header of {textLength} bytes, more than the {MaximumLength} allowed", Remedy);
        }

        byte[] text = new byte[textLength];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
        {
            throw new InputException(source, "ends inside its header", Remedy);
        }

        length = prefixLength + text.Length;
        return new NumPyHeaderParser(source, Encoding.Latin1.GetString(text)).Parse();
    }

    /// <summary>The header as numpy.save (1.24 and later) writes it, padded so that the elements start at a multiple of 64 bytes.</summary>
    public byte[] ToBytes()
    {
        string shape = Shape.Count == 1
            ? string.Create(CultureInfo.InvariantCulture, $"({Shape[0]},)")
            : $"({string.Join(", ", Shape.Select(dimension => dimension.ToString(CultureInfo.InvariantCulture)))})";
        string text = $"{{'descr': '{NumPyDataTypes.Description(DataType)}', 'fortran_order': False, 'shape': {shape}, }}";

        // NumPy leaves room for the first dimension to grow in place.
        int room = Shape.Count == 0 ? 0 : 21 - Shape[0].ToString(CultureInfo.InvariantCulture).Length;
        int length = (10 + text.Length + room + 1 + 63) / 64 * 64;
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill((byte)' ');
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        bytes[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(length - 10));
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(10));
        bytes[^1] = (byte)'\n';
        return bytes;
    }
}
