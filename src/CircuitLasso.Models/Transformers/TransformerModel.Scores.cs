using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <content>What the model thinks of given tokens, without the logits of all others in memory.</content>
public sealed partial class TransformerModel
{
    /// <summary>Final norm, unembedding and log softmax at one token of every row: <c>Unembed(residual).LogSoftmax().GatherLast(tokens)</c>, a block of the vocabulary at a time.</summary>
    /// <param name="residual">[..., d].</param>
    /// <param name="tokens">A token id of every row, in row-major order.</param>
    /// <returns>[...].</returns>
    /// <exception cref="ArgumentException">There are not as many tokens as rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token is none of the outputs.</exception>
    public Tensor LogProbabilities(Tensor residual, ReadOnlySpan<int> tokens) =>
        Normalize(residual, ParameterRole.FinalNormGain, ParameterRole.FinalNormBias, -1)
            .LogProbabilities(Parameters.Find(ParameterRole.Unembedding) ?? Parameters[new(ParameterRole.TokenEmbedding)], Parameters.Find(ParameterRole.UnembeddingBias), tokens, Description.LogitSoftCap);
}
