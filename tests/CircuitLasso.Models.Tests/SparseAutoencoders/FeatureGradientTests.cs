namespace CircuitLasso.Models.Tests;

public sealed class FeatureGradientTests
{
    public static MatrixTheoryData<SparseAutoencoderKind, InputNormalization, bool> Cases =>
        new(Enum.GetValues<SparseAutoencoderKind>(), Enum.GetValues<InputNormalization>(), [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Derivative_of_an_active_feature_times_its_scale_is_the_finite_difference(SparseAutoencoderKind kind, InputNormalization normalization, bool subtractsBias)
    {
        const int Width = 9;
        using SparseAutoencoder autoencoder = new RandomAutoencoder(
            new SparseAutoencoderArchitecture { Kind = kind, K = kind == SparseAutoencoderKind.TopK ? 5 : 0, Normalization = normalization, SubtractsDecoderBias = subtractsBias }, 14, Width, Width, seed: 4).Build();
        Random random = new(9);
        float[] input = [.. Enumerable.Range(0, Width).Select(_ => (float)(random.NextDouble() * 3))];
        float[] gradient = new float[Width];
        int active = 0;
        foreach ((int feature, float value) in Encode(autoencoder, input))
        {
            autoencoder.FeatureGradient(feature, value, input, gradient);
            active++;
            for (int i = 0; i < Width; i++)
            {
                const float Step = 2e-3f;
                double difference = (Scaled(Step) - Scaled(-Step)) / (2 * Step);
                Assert.True(Math.Abs(difference - gradient[i]) <= 5e-3 * (1 + Math.Abs(difference)), $"feature {feature}, input {i}: {difference} {gradient[i]}");

                double Scaled(float step)
                {
                    float[] moved = [.. input];
                    moved[i] += step;
                    return autoencoder.OutputScale(moved) * (double)Encode(autoencoder, moved).First(pair => pair.Feature == feature).Value;
                }
            }
        }

        Assert.True(active > 1);
        Assert.Throws<ArgumentException>(() => autoencoder.FeatureGradient(0, 1, input, new float[2]));
    }

    private static (int Feature, float Value)[] Encode(SparseAutoencoder autoencoder, float[] input)
    {
        using SparseFeatureRows rows = new(autoencoder.FeatureCount);
        autoencoder.Encode(input, rows);
        return [.. rows.Indices(0).ToArray().Zip(rows.Values(0).ToArray())];
    }
}
