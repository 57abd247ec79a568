using System.Buffers.Binary;

namespace CircuitLasso.Numerics;

/// <summary>The type of a NumPy scalar in a pickle: settings that Python computed with NumPy are stored as such and not as plain numbers.</summary>
internal sealed class NumPyScalarType
{
    private static readonly NumPyScalarType[] _all =
    [
        new("f8", 8, bytes => BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
        new("f4", 4, bytes => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes)),
        new("i8", 8, bytes => BinaryPrimitives.ReadInt64LittleEndian(bytes)),
        new("i4", 4, bytes => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes)),
        new("b1", 1, bytes => bytes[0] != 0),
    ];

    private readonly string _code;
    private readonly int _size;
    private readonly Func<byte[], object> _read;

    private NumPyScalarType(string code, int size, Func<byte[], object> read)
    {
        _code = code;
        _size = size;
        _read = read;
    }

    /// <summary>The type of a NumPy code such as <c>f8</c>; null where it is not read here.</summary>
    public static NumPyScalarType? Find(string code) => Array.Find(_all, type => type._code == code);

    /// <summary>The number or truth value of its bytes; null where there are not so many.</summary>
    public object? Value(byte[] bytes) => bytes.Length == _size ? _read(bytes) : null;
}
