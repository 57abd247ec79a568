namespace CircuitLasso.Numerics;

/// <summary>The names that the format gives to its element types, and their sizes.</summary>
internal static class SafeTensorsDataTypes
{
    private static readonly (SafeTensorsDataType Type, string Name, int Size)[] _all =
    [
        (SafeTensorsDataType.Float64, "F64", 8),
        (SafeTensorsDataType.Float32, "F32", 4),
        (SafeTensorsDataType.Float16, "F16", 2),
        (SafeTensorsDataType.BFloat16, "BF16", 2),
        (SafeTensorsDataType.Int64, "I64", 8),
        (SafeTensorsDataType.Int32, "I32", 4),
        (SafeTensorsDataType.Int16, "I16", 2),
        (SafeTensorsDataType.Int8, "I8", 1),
        (SafeTensorsDataType.UInt64, "U64", 8),
        (SafeTensorsDataType.UInt32, "U32", 4),
        (SafeTensorsDataType.UInt16, "U16", 2),
        (SafeTensorsDataType.UInt8, "U8", 1),
        (SafeTensorsDataType.Boolean, "BOOL", 1),
    ];

    public static string Name(SafeTensorsDataType type) => _all[(int)type].Name;

    public static int Size(SafeTensorsDataType type) => _all[(int)type].Size;

    public static bool TryParse(string name, out SafeTensorsDataType type)
    {
        foreach ((SafeTensorsDataType candidate, string candidateName, _) in _all)
        {
            if (candidateName == name)
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }
}
