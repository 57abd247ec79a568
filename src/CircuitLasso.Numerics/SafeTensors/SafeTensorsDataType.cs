namespace CircuitLasso.Numerics;

/// <summary>The element types of safetensors files; every one is stored little-endian.</summary>
public enum SafeTensorsDataType
{
    /// <summary>F64, IEEE 754 binary64.</summary>
    Float64,

    /// <summary>F32, IEEE 754 binary32.</summary>
    Float32,

    /// <summary>F16, IEEE 754 binary16.</summary>
    Float16,

    /// <summary>BF16, the upper half of a binary32.</summary>
    BFloat16,

    /// <summary>I64.</summary>
    Int64,

    /// <summary>I32.</summary>
    Int32,

    /// <summary>I16.</summary>
    Int16,

    /// <summary>I8.</summary>
    Int8,

    /// <summary>U64.</summary>
    UInt64,

    /// <summary>U32.</summary>
    UInt32,

    /// <summary>U16.</summary>
    UInt16,

    /// <summary>U8.</summary>
    UInt8,

    /// <summary>BOOL, one byte, 0 or 1.</summary>
    Boolean,
}
