using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>Autoencoders of the shape and kind that OpenAI published for GPT-2 small: 32,768 features, the 32 largest kept, activations through a LayerNorm.</summary>
internal static class RandomAutoencoders
{
    public const int Features = 32768;
    private const int Kept = 32;

    /// <summary>One after every layer; the decoder is the encoder, whose rows have a length of about 1.</summary>
    /// <param name="description">The model.</param>
    /// <param name="features">Number of features.</param>
    public static SiteAutoencoder[] AtEveryLayer(ModelDescription description, int features = Features)
    {
        SiteAutoencoder[] made = new SiteAutoencoder[description.Layers];
        DeterministicParallel.For(made.Length, layer => made[layer] = new SiteAutoencoder(Random(description.Width, features, (ulong)layer + 1), new Site(SiteKind.ResidualAfter, layer)));
        return made;
    }

    private static SparseAutoencoder Random(int width, int features, ulong seed)
    {
        RandomSource random = new(seed);
        NativeBuffer<float> encoder = new((nint)features * width, zeroed: false);
        NativeBuffer<float> decoder = new((nint)features * width, zeroed: false);
        float scale = MathF.Sqrt(12f / width);
        foreach (ref float value in encoder.Span)
        {
            value = scale * ((float)random.NextDouble() - 0.5f);
        }

        encoder.Span.CopyTo(decoder.Span);
        SparseAutoencoderArchitecture architecture = new()
        {
            Kind = SparseAutoencoderKind.TopK,
            K = Kept,
            SubtractsDecoderBias = true,
            Normalization = InputNormalization.LayerNorm,
        };
        SparseAutoencoderParameters parameters = new() { Encoder = encoder, Decoder = decoder, EncoderBias = new float[features], DecoderBias = new float[width] };
        return new SparseAutoencoder(architecture, parameters, new SparseAutoencoderProvenance { Format = "random" });
    }
}
