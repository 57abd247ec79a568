using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The weights of a <see cref="SparseAutoencoder"/>, which owns and frees them once it is made.</summary>
/// <remarks>Matrices lie outside the managed heap, row-major, one row for each feature, so that a feature's directions are contiguous.</remarks>
public sealed class SparseAutoencoderParameters : IDisposable
{
    /// <summary>W, features x input width.</summary>
    public required NativeBuffer<float> Encoder { get; init; }

    /// <summary>D, features x output width.</summary>
    public required NativeBuffer<float> Decoder { get; init; }

    /// <summary>b, one for each feature; zeros with <see cref="SparseAutoencoderKind.Gated"/>, which has biases of its own.</summary>
    public required float[] EncoderBias { get; init; }

    /// <summary>The decoder's bias, as long as the output is wide.</summary>
    public required float[] DecoderBias { get; init; }

    /// <summary>Thresholds of <see cref="SparseAutoencoderKind.JumpRelu"/>, one for each feature; otherwise null.</summary>
    public float[]? Thresholds { get; init; }

    /// <summary>Gate biases of <see cref="SparseAutoencoderKind.Gated"/>; otherwise null.</summary>
    public float[]? GateBias { get; init; }

    /// <summary>Factors of the magnitudes of <see cref="SparseAutoencoderKind.Gated"/>, exp(r_mag); otherwise null.</summary>
    public float[]? MagnitudeScale { get; init; }

    /// <summary>Biases of the magnitudes of <see cref="SparseAutoencoderKind.Gated"/>; otherwise null.</summary>
    public float[]? MagnitudeBias { get; init; }

    /// <summary>A matrix output width x input width whose product with the raw input is added to the output of a transcoder; or null.</summary>
    public NativeBuffer<float>? Skip { get; init; }

    /// <summary>Frees the matrices. Calling it again does nothing.</summary>
    public void Dispose()
    {
        Encoder.Dispose();
        Decoder.Dispose();
        Skip?.Dispose();
    }
}
