namespace CircuitLasso.Tensors;

/// <summary>The backend that new tensors are made on.</summary>
public static class TensorBackend
{
    private static readonly CpuTensorBackend _processor = new();

    /// <summary>The backend of tensors created from values or zeros.</summary>
    public static ITensorBackend Default => _processor;

    /// <summary>Frees the blocks that are kept for the next tensors, so that what the next work takes can be measured.</summary>
    public static void ReleaseFreeMemory() => _processor.Pool.Trim();
}
