using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace CircuitLasso.Models;

/// <summary>What tells one autoencoder from another: its weights and what it computes, whatever format they were stored in.</summary>
public static class SparseAutoencoderFingerprint
{
    /// <summary>SHA-256 over the architecture and all weights, in lower-case hexadecimal digits.</summary>
    /// <param name="autoencoder">The autoencoder.</param>
    public static string Sha256(SparseAutoencoder autoencoder)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        SparseAutoencoderArchitecture a = autoencoder.Architecture;
        hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant(
            $"{a.Kind} {a.K} {a.KeepsNegative} {a.SubtractsDecoderBias} {a.Normalization} {a.IsTranscoder} {autoencoder.InputWidth} {autoencoder.FeatureCount} {autoencoder.OutputWidth}\n")));
        Append(hash, autoencoder.Encoder);
        Append(hash, autoencoder.Decoder);
        Append(hash, autoencoder.EncoderBias);
        Append(hash, autoencoder.DecoderBias);
        Append(hash, autoencoder.Thresholds);
        Append(hash, autoencoder.GateBias);
        Append(hash, autoencoder.MagnitudeScale);
        Append(hash, autoencoder.MagnitudeBias);
        Append(hash, autoencoder.Skip);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<float> values)
    {
        // As bytes a span may hold a quarter of what it holds as numbers.
        const int step = 1 << 20;
        for (int start = 0; start < values.Length; start += step)
        {
            hash.AppendData(MemoryMarshal.AsBytes(values.Slice(start, Math.Min(step, values.Length - start))));
        }
    }
}
