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
    /// <remarks>Where a norm follows the output matrix, its scale is that of what all heads of the layer write together, so that each head's contribution depends on the others' inputs.</remarks>
    public Tensor HeadContributions(int layer, TokenBatch batch, Tensor queryInput, Tensor keyInput, Tensor valueInput)
    {
        ArgumentNullException.ThrowIfNull(batch);
        AttentionDescription attention = Description.Attention;
        AttentionMask mask = Mask(layer, batch.Lengths.ToArray());
        Tensor q = ProjectHeads(queryInput, ParameterRole.QueryWeight, ParameterRole.QueryBias, layer, attention.Heads, batch);
        Tensor k = ProjectHeads(keyInput, ParameterRole.KeyWeight, ParameterRole.KeyBias, layer, attention.KeyValueHeads, batch);
        Tensor v = ProjectHeads(valueInput, ParameterRole.ValueWeight, ParameterRole.ValueBias, layer, attention.KeyValueHeads, batch);
        return HeadContributions(layer, NormalizedMix(layer, Mix(layer, q, k, v, [.. Enumerable.Range(0, batch.Positions)], mask, new ForwardHooks())));
    }

    /// <summary>
    /// What the heads of a layer write to the residual stream, given their mixed values after any scale (<see cref="SiteKind.AttentionMixNormalized"/>); without the layer's
    /// output bias. It is linear: that of a difference is the difference of two.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="normalizedMix">[b, p, heads, head width].</param>
    /// <returns>[heads, b p, d].</returns>
    public Tensor HeadContributions(int layer, Tensor normalizedMix)
    {
        ArgumentNullException.ThrowIfNull(normalizedMix);
        AttentionDescription attention = Description.Attention;
        Tensor byHead = normalizedMix.Reshape(normalizedMix.Dimension(0) * normalizedMix.Dimension(1), attention.Heads, attention.HeadWidth).Permute(1, 0, 2);
        Tensor matrices = Wide(Parameters[new(ParameterRole.OutputWeight, layer)]).Reshape(Description.Width, attention.Heads, attention.HeadWidth).Permute(1, 2, 0);
        Tensor written = byHead.MatMul(matrices);
        return OutputGain(layer) is { } gain ? written.Multiply(gain) : written;
    }

    /// <summary>
    /// Mixed values over the scale of the norm that follows the output matrix, from <see cref="SiteKind.AttentionMix"/> to <see cref="SiteKind.AttentionMixNormalized"/>: each
    /// position's are divided by sqrt(mean square of what all heads write + epsilon). Where there is no such norm they are returned as they are.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="mix">[b, p, heads, head width].</param>
    public Tensor NormalizedMix(int layer, Tensor mix)
    {
        ArgumentNullException.ThrowIfNull(mix);
        return AttentionOutputScale(layer, mix) is { } scale ? mix.Multiply(scale.Reshape(mix.Dimension(0), mix.Dimension(1), 1, 1)) : mix;
    }

    /// <summary>What the norm that follows attention's output matrix multiplies each position by, before its gain: 1 / sqrt(mean square of what all heads write + epsilon).</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="mix">What the heads mixed (<see cref="SiteKind.AttentionMix"/>): [b, p, heads, head width].</param>
    /// <returns>[b, p, 1], or null where no norm follows.</returns>
    public Tensor? AttentionOutputScale(int layer, Tensor mix)
    {
        ArgumentNullException.ThrowIfNull(mix);
        if (!Description.NormalizesSublayerOutputs)
        {
            return null;
        }

        Tensor written = Project(Joined(mix), ParameterRole.OutputWeight, ParameterRole.OutputBias, layer);
        return written.Multiply(written).Mean(axis: 2, keepAxis: true).AddScalar(Description.Normalization.Epsilon).Log().Scale(-0.5f).Exp();
    }

    /// <summary>
    /// The matrix that brings <see cref="SiteKind.AttentionMixNormalized"/> of all heads into the residual stream, gains of the norm that follows included:
    /// [d, heads x head width], row-major.
    /// </summary>
    /// <param name="layer">The layer.</param>
    public float[] AttentionOutputMatrix(int layer)
    {
        float[] matrix = Parameters[new(ParameterRole.OutputWeight, layer)].ToArray();
        if (NormGains(ParameterRole.AttentionOutputNormGain, layer) is { } gains)
        {
            int inputs = matrix.Length / gains.Length;
            for (int i = 0; i < matrix.Length; i++)
            {
                matrix[i] *= gains[i / inputs];
            }
        }

        return matrix;
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

    // [d], or null where no norm follows the output matrix.
    private Tensor? OutputGain(int layer) => Parameters.Find(ParameterRole.AttentionOutputNormGain, layer) is { } gain
        ? Wide(gain).AddScalar(Description.Normalization.GainOffset)
        : null;

    private static Tensor Wide(Tensor tensor) => tensor.IsPlain ? tensor : tensor.Clone();
}
