using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

/// <summary>Random autoencoders for <see cref="TinyTransformers"/>, of every kind and normalisation.</summary>
internal static class TinyAutoencoders
{
    public static SparseAutoencoder Create(
        int width, int features, int seed, SparseAutoencoderKind kind = SparseAutoencoderKind.Standard, InputNormalization normalization = InputNormalization.None)
    {
        Random random = new(seed);
        float[] Numbers(int count, double scale, double shift = 0) => [.. Enumerable.Range(0, count).Select(_ => (float)((scale * ((2 * random.NextDouble()) - 1)) + shift))];
        NativeBuffer<float> Matrix()
        {
            NativeBuffer<float> matrix = new((nint)width * features);
            Numbers(width * features, 1).CopyTo(matrix.Slice(0, width * features));
            return matrix;
        }

        bool gated = kind == SparseAutoencoderKind.Gated;
        return new SparseAutoencoder(
            new SparseAutoencoderArchitecture { Kind = kind, K = kind == SparseAutoencoderKind.TopK ? 4 : 0, SubtractsDecoderBias = true, Normalization = normalization },
            new SparseAutoencoderParameters
            {
                Encoder = Matrix(),
                Decoder = Matrix(),
                EncoderBias = gated ? new float[features] : Numbers(features, 0.3),
                DecoderBias = Numbers(width, 0.3),
                Thresholds = kind == SparseAutoencoderKind.JumpRelu ? Numbers(features, 0.2, 0.3) : null,
                GateBias = gated ? Numbers(features, 0.3) : null,
                MagnitudeScale = gated ? Numbers(features, 0.3, 1) : null,
                MagnitudeBias = gated ? Numbers(features, 0.3) : null,
            },
            new SparseAutoencoderProvenance { Format = "test" });
    }

    /// <summary>An autoencoder at every named site of a model of width 12.</summary>
    public static AutoencoderSites Sites(TransformerModel model, params string[] names) => new(model, names.Select((name, i) => new SiteAutoencoder(
        Create(
            name.StartsWith("attn_z", StringComparison.Ordinal) ? model.Description.Attention.Heads * model.Description.Attention.HeadWidth : model.Description.Width,
            20 + i,
            40 + i,
            (SparseAutoencoderKind)(i % 4),
            (InputNormalization)(i % 4)),
        Site.Parse(name))));

    public static void Free(AutoencoderSites sites)
    {
        foreach (SiteAutoencoder place in sites)
        {
            place.Autoencoder.Dispose();
        }
    }
}
