namespace CircuitLasso.Models.Tests;

/// <summary>The slow twin: one row, one feature, one number at a time, in float64, TopK by sorting everything.</summary>
internal static class ScalarSparseAutoencoder
{
    public static double[] Encode(RandomAutoencoder autoencoder, ReadOnlySpan<float> input)
    {
        SparseAutoencoderArchitecture architecture = autoencoder.Architecture;
        (double shift, double divisor, _) = Scaling(architecture.Normalization, input);
        double[] pre = new double[autoencoder.Features];
        for (int feature = 0; feature < pre.Length; feature++)
        {
            pre[feature] = autoencoder.EncoderBias[feature];
            for (int i = 0; i < input.Length; i++)
            {
                double x = ((input[i] - shift) / divisor) - (architecture.SubtractsDecoderBias ? autoencoder.DecoderBias[i] : 0);
                pre[feature] += autoencoder.Encoder[(feature * input.Length) + i] * x;
            }
        }

        switch (architecture.Kind)
        {
            case SparseAutoencoderKind.Standard:
                return [.. pre.Select(p => Math.Max(p, 0))];
            case SparseAutoencoderKind.JumpRelu:
                return [.. pre.Select((p, feature) => p > autoencoder.Thresholds![feature] ? Math.Max(p, 0) : 0)];
            case SparseAutoencoderKind.Gated:
                return [.. pre.Select((p, feature) => p + autoencoder.GateBias![feature] > 0 ? Math.Max((autoencoder.MagnitudeScale![feature] * p) + autoencoder.MagnitudeBias![feature], 0) : 0)];
            default:
                double[] kept = new double[pre.Length];
                foreach (int feature in Enumerable.Range(0, pre.Length).OrderByDescending(feature => pre[feature]).ThenBy(feature => feature).Take(architecture.K))
                {
                    kept[feature] = architecture.KeepsNegative ? pre[feature] : Math.Max(pre[feature], 0);
                }

                return kept;
        }
    }

    public static double[] Decode(RandomAutoencoder autoencoder, double[] features, ReadOnlySpan<float> input)
    {
        double[] output = Array.ConvertAll(autoencoder.DecoderBias, value => (double)value);
        for (int i = 0; i < output.Length; i++)
        {
            for (int feature = 0; feature < features.Length; feature++)
            {
                output[i] += features[feature] * autoencoder.Decoder[(feature * output.Length) + i];
            }
        }

        if (!autoencoder.Architecture.IsTranscoder)
        {
            (double shift, _, double factor) = Scaling(autoencoder.Architecture.Normalization, input);
            return Array.ConvertAll(output, value => (value * factor) + shift);
        }

        for (int i = 0; autoencoder.Skip is not null && i < output.Length; i++)
        {
            for (int j = 0; j < input.Length; j++)
            {
                output[i] += autoencoder.Skip[(i * input.Length) + j] * input[j];
            }
        }

        return output;
    }

    private static (double Shift, double Divisor, double Factor) Scaling(InputNormalization normalization, ReadOnlySpan<float> input)
    {
        double[] x = Array.ConvertAll(input.ToArray(), value => (double)value);
        double mean = x.Average();
        double deviation = Math.Sqrt(x.Sum(value => (value - mean) * (value - mean)) / (x.Length - 1));
        double norm = Math.Sqrt(x.Sum(value => value * value) / x.Length);
        return normalization switch
        {
            InputNormalization.LayerNorm => (mean, deviation + 1e-5, deviation),
            InputNormalization.Centered => (mean, 1, 1),
            InputNormalization.ConstantNorm => (0, norm == 0 ? 1 : norm, norm),
            _ => (0, 1, 1),
        };
    }
}
