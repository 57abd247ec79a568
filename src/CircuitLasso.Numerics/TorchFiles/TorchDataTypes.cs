namespace CircuitLasso.Numerics;

/// <summary>The storage classes by which torch files name element types, and their sizes.</summary>
internal static class TorchDataTypes
{
    private static readonly (TorchDataType Type, string StorageClass, int Size)[] _all =
    [
        (TorchDataType.Float64, "DoubleStorage", 8),
        (TorchDataType.Float32, "FloatStorage", 4),
        (TorchDataType.Float16, "HalfStorage", 2),
        (TorchDataType.BFloat16, "BFloat16Storage", 2),
        (TorchDataType.Int64, "LongStorage", 8),
        (TorchDataType.Int32, "IntStorage", 4),
        (TorchDataType.Int16, "ShortStorage", 2),
        (TorchDataType.Int8, "CharStorage", 1),
        (TorchDataType.UInt8, "ByteStorage", 1),
        (TorchDataType.Boolean, "BoolStorage", 1),
    ];

    public static int Size(TorchDataType type) => _all[(int)type].Size;

    public static bool IsFloatingPoint(TorchDataType type) => type <= TorchDataType.BFloat16;

    public static bool TryFind(string storageClass, out TorchDataType type)
    {
        int index = Array.FindIndex(_all, entry => entry.StorageClass == storageClass);
        type = index < 0 ? default : _all[index].Type;
        return index >= 0;
    }
}
