namespace CircuitLasso.Numerics;

/// <summary>The element types of NumPy arrays that are read and written.</summary>
public enum NumPyDataType
{
    /// <summary>float32, <c>f4</c>.</summary>
    Float32,

    /// <summary>float64, <c>f8</c>.</summary>
    Float64,

    /// <summary>int32, <c>i4</c>.</summary>
    Int32,

    /// <summary>int64, <c>i8</c>.</summary>
    Int64,

    /// <summary>uint8, <c>u1</c>.</summary>
    UInt8,

    /// <summary>bool, <c>b1</c>: one byte, 0 or 1.</summary>
    Boolean,
}
