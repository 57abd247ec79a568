namespace CircuitLasso.Numerics;

/// <summary>The codes that NumPy gives to element types, and their sizes.</summary>
internal static class NumPyDataTypes
{
    private static readonly (NumPyDataType Type, string Code, int Size)[] _all =
    [
        (NumPyDataType.Float32, "f4", 4),
        (NumPyDataType.Float64, "f8", 8),
        (NumPyDataType.Int32, "i4", 4),
        (NumPyDataType.Int64, "i8", 8),
        (NumPyDataType.UInt8, "u1", 1),
        (NumPyDataType.Boolean, "b1", 1),
    ];

    public static int Size(NumPyDataType type) => _all[(int)type].Size;

    /// <summary>The type as numpy.save writes it: byte order (| where there is none) and code.</summary>
    public static string Description(NumPyDataType type) => (Size(type) == 1 ? "|" : "<") + _all[(int)type].Code;

    public static bool TryParse(string description, out NumPyDataType type, out bool isBigEndian)
    {
        isBigEndian = description.StartsWith('>');
        if (description.Length == 3 && description[0] is '<' or '>' or '|')
        {
            foreach ((NumPyDataType candidate, string code, int size) in _all)
            {
                if (description.AsSpan(1).SequenceEqual(code) && (size == 1 || description[0] != '|'))
                {
                    type = candidate;
                    return true;
                }
            }
        }

        type = default;
        return false;
    }

    public static NumPyDataType Of<T>()
        where T : unmanaged =>
        typeof(T) == typeof(float) ? NumPyDataType.Float32
        : typeof(T) == typeof(double) ? NumPyDataType.Float64
        : typeof(T) == typeof(int) ? NumPyDataType.Int32
        : typeof(T) == typeof(long) ? NumPyDataType.Int64
        : typeof(T) == typeof(byte) ? NumPyDataType.UInt8
        : typeof(T) == typeof(bool) ? NumPyDataType.Boolean
        : throw new NotSupportedException($"{typeof(T).Name} is none of float, double, int, long, byte and bool.");
}
