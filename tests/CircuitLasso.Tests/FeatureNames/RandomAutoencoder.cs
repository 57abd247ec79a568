using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

/// <summary>Autoencoders with random weights.</summary>
internal static class RandomAutoencoder
{
    internal static SparseAutoencoder Create(int width, int features, int k, string site, int seed = 1)
    {
        Random random = new(seed);
        NativeBuffer<float> Matrix()
        {
            NativeBuffer<float> matrix = new((nint)width * features, zeroed: false);
            for (int i = 0; i < width * features; i++)
            {
                matrix.Span[i] = (float)(random.NextDouble() - 0.5);
            }

            return matrix;
        }

        SparseAutoencoderParameters parameters = new() { Encoder = Matrix(), Decoder = Matrix(), EncoderBias = new float[features], DecoderBias = new float[width] };
        return new SparseAutoencoder(
            new SparseAutoencoderArchitecture { Kind = SparseAutoencoderKind.TopK, K = k },
            parameters,
            new SparseAutoencoderProvenance { Format = "random", InputSite = Site.Parse(site), OutputSite = Site.Parse(site), HookName = site });
    }
}
