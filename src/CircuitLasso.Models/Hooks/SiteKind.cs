namespace CircuitLasso.Models;

/// <summary>The places of a forward pass that can be read, replaced and differentiated at. Shapes: b texts, p positions, d model width.</summary>
public enum SiteKind
{
    /// <summary>Token and position embedding together [b, p, d].</summary>
    Embedding,

    /// <summary>The residual stream before a block [b, p, d].</summary>
    ResidualBefore,

    /// <summary>The residual stream between attention and MLP [b, p, d].</summary>
    ResidualMiddle,

    /// <summary>The residual stream after a block [b, p, d].</summary>
    ResidualAfter,

    /// <summary>What attention reads, before its norm [b, p, d].</summary>
    AttentionInput,

    /// <summary>Queries before rotation [b, p, heads, head width].</summary>
    Query,

    /// <summary>Keys before rotation [b, p, key heads, head width].</summary>
    Key,

    /// <summary>Values [b, p, key heads, head width].</summary>
    Value,

    /// <summary>Attention probabilities [b, heads, query positions, key positions].</summary>
    AttentionPattern,

    /// <summary>Values mixed by the pattern, before the output matrix [b, p, heads, head width].</summary>
    AttentionMix,

    /// <summary>
    /// <see cref="AttentionMix"/> over the scale of the norm that follows the output matrix, one scale for all heads of a position; where there is no such norm it is
    /// <see cref="AttentionMix"/> itself, and no site of its own [b, p, heads, head width]. Linear in what the heads write; computed only when asked for.
    /// </summary>
    AttentionMixNormalized,

    /// <summary>Each head's contribution to the residual stream, without the output bias but with the norm that follows, where there is one [b, p, heads, d]; computed only when asked for.</summary>
    AttentionHead,

    /// <summary>What attention adds to the residual stream [b, p, d].</summary>
    AttentionOutput,

    /// <summary>What the MLP reads, before its norm [b, p, d].</summary>
    MlpInput,

    /// <summary>What the MLP reads, after its norm [b, p, d].</summary>
    MlpNormalized,

    /// <summary>What the MLP's nonlinearity is applied to: the first matrix's product, in a gated MLP the gate's [b, p, hidden].</summary>
    MlpPreActivation,

    /// <summary>The MLP's hidden layer after the nonlinearity (and the gate) [b, p, hidden].</summary>
    MlpHidden,

    /// <summary>What the MLP adds to the residual stream [b, p, d].</summary>
    MlpOutput,

    /// <summary>Scores of the outputs, in a language model of the next token [b, p, outputs].</summary>
    Logits,
}
