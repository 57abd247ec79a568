using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The activations of one site on some texts, taken apart. Rows are texts times positions.</summary>
internal sealed class SiteState : IDisposable
{
    private readonly float[] _scales;
    private readonly float[]? _skip;
    private float[]? _left;

    private SiteState(SparseAutoencoder autoencoder, float[] values, float[] inputs)
    {
        Autoencoder = autoencoder;
        Values = values;
        Inputs = inputs;
        int width = autoencoder.OutputWidth, read = autoencoder.InputWidth;
        Features = new SparseFeatureRows(autoencoder.FeatureCount);
        autoencoder.Encode(inputs, Features);
        if (autoencoder.HasSkip)
        {
            autoencoder.AddSkip(inputs, _skip = new float[values.Length]);
        }

        float[] scales = _scales = new float[values.Length / width];
        float[] errors = Errors = new float[values.Length];
        DeterministicParallel.For(scales.Length, row =>
        {
            ReadOnlySpan<float> value = values.AsSpan(row * width, width);
            Span<float> error = errors.AsSpan(row * width, width);
            scales[row] = autoencoder.OutputScale(inputs.AsSpan(row * read, read));
            TensorPrimitives.Subtract(value, autoencoder.DecoderBias, error);
            if (_skip is not null)
            {
                TensorPrimitives.Subtract(error, SkipTerm(row), error);
            }

            ReadOnlySpan<int> indices = Features.Indices(row);
            ReadOnlySpan<float> features = Features.Values(row);
            for (int i = 0; i < indices.Length; i++)
            {
                TensorPrimitives.MultiplyAdd(autoencoder.DecoderDirection(indices[i]), -(scales[row] * features[i]), error, error);
            }
        });
    }

    /// <summary>The autoencoder.</summary>
    public SparseAutoencoder Autoencoder { get; }

    /// <summary>The activations x that features and error make up, rows x output width.</summary>
    public float[] Values { get; }

    /// <summary>The activations that were encoded, rows x input width: x itself unless it is a transcoder.</summary>
    public float[] Inputs { get; }

    /// <summary>The features f; <see cref="Scale"/> makes them g.</summary>
    public SparseFeatureRows Features { get; }

    /// <summary>x - decoder bias - sum of g_a times the direction of a - a transcoder's skip term, rows x output width.</summary>
    public float[] Errors { get; }

    /// <summary>
    /// x less its reconstruction, rows x output width: an error as a store has it and as coefficients are meant. It is <see cref="Errors"/> unless the autoencoder scales its output back, the decoder's bias with it.
    /// Computed when first asked for, which only one thread may do.
    /// </summary>
    public float[] Left()
    {
        if (_left is null)
        {
            float[] left = new float[Values.Length];
            Autoencoder.Decode(Features, Autoencoder.DecodingNeedsInputs ? Inputs : [], left);
            TensorPrimitives.Subtract(Values, left, left);
            _left = left;
        }

        return _left;
    }

    /// <summary>Takes activations apart.</summary>
    /// <param name="autoencoder">The autoencoder.</param>
    /// <param name="values">What is reconstructed, rows x output width.</param>
    /// <param name="inputs">What a transcoder encodes, rows x input width; null for the values themselves.</param>
    public static SiteState Of(SparseAutoencoder autoencoder, float[] values, float[]? inputs = null) => new(autoencoder, values, inputs ?? values);

    /// <summary>The factor s of a row.</summary>
    public float Scale(int row) => _scales[row];

    /// <summary>A transcoder's product of its skip matrix and its input in a row; empty where it has none.</summary>
    public ReadOnlySpan<float> SkipTerm(int row) => _skip is null ? [] : _skip.AsSpan(row * Autoencoder.OutputWidth, Autoencoder.OutputWidth);

    /// <summary>The active features of a row with their g.</summary>
    public FeatureRow Row(int row)
    {
        float scale = _scales[row];
        ReadOnlySpan<float> features = Features.Values(row);
        float[] scaled = new float[features.Length];
        TensorPrimitives.Multiply(features, scale, scaled);
        return new FeatureRow(Features.Indices(row), scaled, Errors.AsSpan(row * Autoencoder.OutputWidth, Autoencoder.OutputWidth));
    }

    public void Dispose() => Features.Dispose();
}
