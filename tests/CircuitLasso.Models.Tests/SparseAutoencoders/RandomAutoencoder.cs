using CircuitLasso.Numerics;

namespace CircuitLasso.Models.Tests;

/// <summary>Seeded weights of any architecture, kept as arrays beside the autoencoder made of them.</summary>
internal sealed class RandomAutoencoder
{
    private readonly Random _random;

    public RandomAutoencoder(SparseAutoencoderArchitecture architecture, int features, int inputWidth, int outputWidth, bool skip = false, int seed = 1)
    {
        _random = new Random(seed);
        Architecture = architecture;
        Features = features;
        Encoder = Values(features * inputWidth);
        Decoder = Values(features * outputWidth);
        EncoderBias = architecture.Kind == SparseAutoencoderKind.Gated ? new float[features] : Values(features);
        DecoderBias = Values(outputWidth);
        Thresholds = architecture.Kind == SparseAutoencoderKind.JumpRelu ? Values(features) : null;
        bool gated = architecture.Kind == SparseAutoencoderKind.Gated;
        GateBias = gated ? Values(features) : null;
        MagnitudeScale = gated ? Array.ConvertAll(Values(features), MathF.Exp) : null;
        MagnitudeBias = gated ? Values(features) : null;
        Skip = skip ? Values(outputWidth * inputWidth) : null;
    }

    public SparseAutoencoderArchitecture Architecture { get; }

    public int Features { get; }

    public float[] Encoder { get; }

    public float[] Decoder { get; }

    public float[] EncoderBias { get; }

    public float[] DecoderBias { get; }

    public float[]? Thresholds { get; }

    public float[]? GateBias { get; }

    public float[]? MagnitudeScale { get; }

    public float[]? MagnitudeBias { get; }

    public float[]? Skip { get; }

    public float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((_random.NextDouble() * 2) - 1))];

    public SparseAutoencoder Build() => new(Architecture, Parameters(), new SparseAutoencoderProvenance { Format = "test" });

    public SparseAutoencoderParameters Parameters() => new()
    {
        Encoder = Native(Encoder),
        Decoder = Native(Decoder),
        EncoderBias = EncoderBias,
        DecoderBias = DecoderBias,
        Thresholds = Thresholds,
        GateBias = GateBias,
        MagnitudeScale = MagnitudeScale,
        MagnitudeBias = MagnitudeBias,
        Skip = Skip is null ? null : Native(Skip),
    };

    private static NativeBuffer<float> Native(float[] values)
    {
        NativeBuffer<float> buffer = new(values.Length);
        values.CopyTo(buffer.Span);
        return buffer;
    }
}
