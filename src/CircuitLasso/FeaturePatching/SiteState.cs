using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The activations of one site on some texts, taken apart. Rows are texts times positions.</summary>
internal sealed class SiteState : IDisposable
{
    private readonly float[] _scales;

    private SiteState(SparseAutoencoder autoencoder, float[] values)
    {
        Autoencoder = autoencoder;
        Values = values;
        int width = autoencoder.InputWidth;
        Features = new SparseFeatureRows(autoencoder.FeatureCount);
        autoencoder.Encode(values, Features);
        float[] scales = _scales = new float[values.Length / width];
        float[] errors = Errors = new float[values.Length];
        DeterministicParallel.For(scales.Length, row =>
        {
            ReadOnlySpan<float> value = values.AsSpan(row * width, width);
            Span<float> error = errors.AsSpan(row * width, width);
            scales[row] = autoencoder.OutputScale(value);
            TensorPrimitives.Subtract(value, autoencoder.DecoderBias, error);
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

    /// <summary>The activations x, rows x width.</summary>
    public float[] Values { get; }

    /// <summary>The features f; <see cref="Scale"/> makes them g.</summary>
    public SparseFeatureRows Features { get; }

    /// <summary>x - decoder bias - sum of g_a times the direction of a, rows x width.</summary>
    public float[] Errors { get; }

    /// <summary>Takes activations apart.</summary>
    public static SiteState Of(SparseAutoencoder autoencoder, float[] values) => new(autoencoder, values);

    /// <summary>The factor s of a row.</summary>
    public float Scale(int row) => _scales[row];

    /// <summary>The active features of a row with their g.</summary>
    public FeatureRow Row(int row)
    {
        float scale = _scales[row];
        ReadOnlySpan<float> features = Features.Values(row);
        float[] scaled = new float[features.Length];
        TensorPrimitives.Multiply(features, scale, scaled);
        return new FeatureRow(Features.Indices(row), scaled, Errors.AsSpan(row * Autoencoder.InputWidth, Autoencoder.InputWidth));
    }

    public void Dispose() => Features.Dispose();
}
