using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <content>The pieces of a pass in which every head and MLP may read an input of its own. Rows are texts times positions, text by text.</content>
public sealed partial class TransformerModel
{
    /// <summary>What the token and position embeddings write to the residual stream.</summary>
    /// <param name="batch">The texts.</param>
    /// <returns>[b, p, d].</returns>
    /// <exception cref="Numerics.InputException">A text is too long or a token id is outside the model.</exception>
    public Tensor Embed(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.RequireFits(Description);
        return Embed(batch, [.. Enumerable.Range(0, batch.Positions)]);
    }

    /// <summary>
    /// What the heads of a layer write to the residual stream, each from inputs of its own, without the layer's output bias. Every head is computed by the same products
    /// whether it shares its input or not, so that equal inputs give equal bytes.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="batch">The texts, for what each position sees.</param>
    /// <param name="queryInput">Residual streams before the norm: [b p, d] for all heads, or [heads, b p, d].</param>
    /// <param name="keyInput">[b p, d], or [key heads, b p, d].</param>
    /// <param name="valueInput">[b p, d], or [key heads, b p, d].</param>
    /// <returns>[heads, b p, d].</returns>
    public Tensor HeadContributions(int layer, TokenBatch batch, Tensor queryInput, Tensor keyInput, Tensor valueInput)
    {
        ArgumentNullException.ThrowIfNull(batch);
        AttentionDescription attention = Description.Attention;
        AttentionMask mask = new() { Causal = attention.Causal, Lengths = batch.Lengths.ToArray() };
        Tensor q = ProjectHeads(queryInput, ParameterRole.QueryWeight, ParameterRole.QueryBias, layer, attention.Heads, batch);
        Tensor k = ProjectHeads(keyInput, ParameterRole.KeyWeight, ParameterRole.KeyBias, layer, attention.KeyValueHeads, batch);
        Tensor v = ProjectHeads(valueInput, ParameterRole.ValueWeight, ParameterRole.ValueBias, layer, attention.KeyValueHeads, batch);
        return HeadContributions(layer, Mix(layer, q, k, v, [.. Enumerable.Range(0, batch.Positions)], mask, new ForwardHooks()));
    }

    /// <summary>What the heads of a layer write to the residual stream, given their mixed values (<see cref="SiteKind.AttentionMix"/>); without the layer's output bias.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="mix">[b, p, heads, head width].</param>
    /// <returns>[heads, b p, d].</returns>
    public Tensor HeadContributions(int layer, Tensor mix)
    {
        ArgumentNullException.ThrowIfNull(mix);
        AttentionDescription attention = Description.Attention;
        Tensor byHead = mix.Reshape(mix.Dimension(0) * mix.Dimension(1), attention.Heads, attention.HeadWidth).Permute(1, 0, 2);
        Tensor matrices = Wide(Parameters[new(ParameterRole.OutputWeight, layer)]).Reshape(Description.Width, attention.Heads, attention.HeadWidth).Permute(1, 2, 0);
        return byHead.MatMul(matrices);
    }

    /// <summary>What the MLP of a layer writes to the residual stream, its biases included.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">The residual stream that it reads, before the norm: [..., d].</param>
    public Tensor MlpContribution(int layer, Tensor input) => Mlp(layer, input, new ForwardHooks());

    // [b p, d] or [heads, b p, d] to [b, p, heads, head width].
    private Tensor ProjectHeads(Tensor input, ParameterRole weight, ParameterRole bias, int layer, int heads, TokenBatch batch)
    {
        Tensor x = Normalize(input, ParameterRole.AttentionNormGain, ParameterRole.AttentionNormBias, layer);
        Tensor projected = x.MatMul(Parameters[new(weight, layer)].Reshape(heads, Description.Attention.HeadWidth, Description.Width), transposeB: true);
        if (Parameters.Find(bias, layer) is { } offset)
        {
            projected = projected.Add(offset.Reshape(heads, 1, Description.Attention.HeadWidth));
        }

        return projected.Permute(1, 0, 2).Reshape(batch.Count, batch.Positions, heads, Description.Attention.HeadWidth);
    }

    private static Tensor Wide(Tensor tensor) => tensor.IsPlain ? tensor : tensor.Clone();
}
