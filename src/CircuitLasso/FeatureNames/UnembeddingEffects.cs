using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using Tensor = CircuitLasso.Tensors.Tensor;

namespace CircuitLasso;

/// <summary>
/// The effects of directions through a model's own unembedding: W_U (g * (d - mean d)), where g is the gain of the final norm and the mean is subtracted by
/// a layer norm alone. The norm's scale, which depends on the text, is left out, and the mean over all tokens is subtracted, which no probability depends on
/// (but for models that cap their logits, where it is close). This is what Neuronpedia's lists of positive and negative logits show.
/// </summary>
public sealed class UnembeddingEffects : ITokenEffects
{
    private readonly Tensor _matrix;
    private readonly float[]? _gain;
    private readonly bool _subtractsMean;

    /// <summary>Reads the unembedding where the model keeps it, so the model must be there as long as this is used.</summary>
    /// <param name="model">A model that predicts tokens.</param>
    /// <exception cref="InputException">Its outputs are no tokens.</exception>
    public UnembeddingEffects(TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!model.Description.PredictsTokens)
        {
            throw new InputException("--model", "does not predict tokens, so that features promote none", "leave it out");
        }

        _matrix = model.Parameters.Find(ParameterRole.Unembedding) ?? model.Parameters[new(ParameterRole.TokenEmbedding)];
        Width = model.Description.Width;
        TokenCount = _matrix.Shape[0];
        _gain = model.NormGains(ParameterRole.FinalNormGain);
        _subtractsMean = model.Description.Normalization.RemovesMean;
    }

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public int TokenCount { get; }

    /// <inheritdoc/>
    public void Compute(ReadOnlySpan<float> directions, Span<float> effects)
    {
        int count = directions.Length / Width;
        if (directions.Length != count * Width || effects.Length != (long)count * TokenCount)
        {
            throw new ArgumentException($"{directions.Length} and {effects.Length} numbers are not directions of {Width} and their effects on {TokenCount} tokens.", nameof(effects));
        }

        float[] scaled = directions.ToArray();
        for (int i = 0; i < count; i++)
        {
            Span<float> direction = scaled.AsSpan(i * Width, Width);
            if (_subtractsMean)
            {
                TensorPrimitives.Subtract(direction, TensorPrimitives.Sum<float>(direction) / Width, direction);
            }

            if (_gain is not null)
            {
                TensorPrimitives.Multiply(direction, _gain, direction);
            }
        }

        using (GradientMode.Disable())
        {
            using TensorScope scope = new();
            Tensor.FromValues(scaled, count, Width).Linear(_matrix, null, weightIsInputByOutput: false).CopyTo(effects);
        }

        for (int i = 0; i < count; i++)
        {
            Span<float> row = effects.Slice(i * TokenCount, TokenCount);
            TensorPrimitives.Subtract(row, (float)(Sum(row) / TokenCount), row);
        }
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }
}
