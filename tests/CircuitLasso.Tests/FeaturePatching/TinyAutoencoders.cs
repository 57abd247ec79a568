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

    /// <summary>A transcoder; every other one, by the seed, has a skip connection.</summary>
    public static SparseAutoencoder CreateTranscoder(
        int read, int written, int features, int seed, SparseAutoencoderKind kind = SparseAutoencoderKind.Standard, InputNormalization normalization = InputNormalization.None)
    {
        using SparseAutoencoder encoder = Create(read, features, seed, kind, normalization), decoder = Create(written, features, seed + 1000), skip = Create(read, written, seed + 2000);
        static NativeBuffer<float> Copy(ReadOnlySpan<float> values)
        {
            NativeBuffer<float> copy = new(values.Length);
            values.CopyTo(copy.Span);
            return copy;
        }

        bool gated = kind == SparseAutoencoderKind.Gated;
        return new SparseAutoencoder(
            encoder.Architecture with { IsTranscoder = true, SubtractsDecoderBias = false },
            new SparseAutoencoderParameters
            {
                Encoder = Copy(encoder.Encoder),
                Decoder = Copy(decoder.Decoder),
                EncoderBias = encoder.EncoderBias.ToArray(),
                DecoderBias = decoder.DecoderBias.ToArray(),
                Thresholds = kind == SparseAutoencoderKind.JumpRelu ? encoder.Thresholds.ToArray() : null,
                GateBias = gated ? encoder.GateBias.ToArray() : null,
                MagnitudeScale = gated ? encoder.MagnitudeScale.ToArray() : null,
                MagnitudeBias = gated ? encoder.MagnitudeBias.ToArray() : null,
                Skip = seed % 2 == 0 ? Copy(skip.Encoder) : null,
            },
            new SparseAutoencoderProvenance { Format = "test" });
    }

    /// <summary>An autoencoder at every named site of a model of width 12; of a name INPUT:OUTPUT a transcoder.</summary>
    public static AutoencoderSites Sites(TransformerModel model, params string[] names) => new(model, names.Select((name, i) =>
    {
        Site[] sites = [.. name.Split(':').Select(Site.Parse)];
        int[] widths = [.. sites.Select(site => ActivationRunner.Width(model.Description, site))];
        (SparseAutoencoderKind kind, InputNormalization normalization) = ((SparseAutoencoderKind)(i % 4), (InputNormalization)(i % 4));
        return sites.Length == 1
            ? new SiteAutoencoder(Create(widths[0], 20 + i, 40 + i, kind, normalization), sites[0])
            : new SiteAutoencoder(CreateTranscoder(widths[0], widths[1], 20 + i, 40 + i, kind, normalization), sites[0], sites[1]);
    }));

    public static void Free(AutoencoderSites sites)
    {
        foreach (SiteAutoencoder place in sites)
        {
            place.Autoencoder.Dispose();
        }
    }
}
