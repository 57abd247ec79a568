namespace CircuitLasso.Tensors;

/// <summary>How the numbers of a tensor are stored; they are computed with as float32 whatever they are stored as.</summary>
public enum StoredType
{
    /// <summary>IEEE 754 binary32: what operations produce.</summary>
    Float32,

    /// <summary>The upper half of a binary32.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary16.</summary>
    Float16,
}
