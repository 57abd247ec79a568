namespace CircuitLasso.Tensors;

/// <summary>The backend that new tensors are made on.</summary>
public static class TensorBackend
{
    /// <summary>The backend of tensors created from values or zeros.</summary>
    public static ITensorBackend Default { get; } = new CpuTensorBackend();
}
