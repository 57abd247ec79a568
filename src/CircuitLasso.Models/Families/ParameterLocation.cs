namespace CircuitLasso.Models;

/// <summary>
/// Where a checkpoint keeps a parameter: entry (output, input) lies at <see cref="OutputStart"/>(output) + input * <see cref="InputStride"/> of the stored tensor,
/// which may hold several parameters or have more dimensions than the parameter has.
/// </summary>
/// <param name="TensorName">Name of the stored tensor, without the checkpoint's optional prefix.</param>
/// <param name="StoredShape">Dimensions of the whole stored tensor, row-major.</param>
/// <param name="InputStride">Distance between a parameter's neighbouring inputs in the stored tensor.</param>
/// <param name="OutputStart">From an output to its first input's place in the stored tensor; null when the parameter is stored as it is.</param>
public sealed record ParameterLocation(string TensorName, IReadOnlyList<int> StoredShape, int InputStride = 1, Func<int, int>? OutputStart = null)
{
    /// <summary>Another name under which some checkpoints keep the tensor (tied embeddings saved as the unembedding alone), or null.</summary>
    public string? AlternativeName { get; init; }

    /// <summary>A parameter that is stored as it is.</summary>
    public static ParameterLocation Direct(string tensorName, ParameterShape parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return new(tensorName, parameter.Shape);
    }

    /// <summary>A matrix that is stored as [inputs, outputs].</summary>
    public static ParameterLocation Transposed(string tensorName, ParameterShape parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return new(tensorName, [parameter.Shape[1], parameter.Shape[0]], parameter.Shape[0], output => output);
    }
}
