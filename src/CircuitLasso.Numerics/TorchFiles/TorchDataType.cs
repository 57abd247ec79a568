namespace CircuitLasso.Numerics;

/// <summary>The element types of tensors in torch files that are read; every one is stored little-endian.</summary>
public enum TorchDataType
{
    /// <summary>torch.float64.</summary>
    Float64,

    /// <summary>torch.float32.</summary>
    Float32,

    /// <summary>torch.float16.</summary>
    Float16,

    /// <summary>torch.bfloat16, the upper half of a binary32.</summary>
    BFloat16,

    /// <summary>torch.int64.</summary>
    Int64,

    /// <summary>torch.int32.</summary>
    Int32,

    /// <summary>torch.int16.</summary>
    Int16,

    /// <summary>torch.int8.</summary>
    Int8,

    /// <summary>torch.uint8.</summary>
    UInt8,

    /// <summary>torch.bool, one byte.</summary>
    Boolean,
}
