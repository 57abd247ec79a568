namespace CircuitLasso.Models;

/// <summary>Where a checkpoint keeps a parameter.</summary>
/// <param name="TensorName">Name of the stored tensor, without the checkpoint's optional prefix.</param>
/// <param name="StoredOutputs">Rows of the whole stored tensor in outputs-by-inputs terms (a fused tensor has more than the parameter).</param>
/// <param name="InputByOutput">Whether the tensor is stored transposed, [inputs, outputs].</param>
/// <param name="StoredOutput">From the parameter's output index to the stored one; null when they are the same.</param>
public sealed record ParameterLocation(string TensorName, int StoredOutputs, bool InputByOutput = false, Func<int, int>? StoredOutput = null)
{
    /// <summary>Another name under which some checkpoints keep the tensor (tied embeddings saved as the unembedding alone), or null.</summary>
    public string? AlternativeName { get; init; }
}
