namespace CircuitLasso.Models;

/// <summary>What <see cref="TorchConversion.Convert"/> wrote.</summary>
/// <param name="Description">The model.</param>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="Bytes">Bytes of their elements.</param>
/// <param name="LeftOut">Names of stored tensors that are no parameters of their own (masks, a second copy of tied embeddings), which were left out.</param>
/// <param name="TokenizerFiles">Names of the files that were copied.</param>
public sealed record TorchConversionResult(
    ModelDescription Description, int Tensors, long Bytes, IReadOnlyList<string> LeftOut, IReadOnlyList<string> TokenizerFiles);
