namespace CircuitLasso.Models.Tests;

public sealed class FeatureGradientTests
{
    public static MatrixTheoryData<SparseAutoencoderKind, InputNormalization, bool, bool> Cases =>
        new(Enum.GetValues<SparseAutoencoderKind>(), Enum.GetValues<InputNormalization>(), [false, true], [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Derivative_of_an_active_feature_times_its_scale_is_the_finite_difference(SparseAutoencoderKind kind, InputNormalization normalization, bool subtractsBias, bool isTranscoder)
    {
        const int Width = 9;
        using SparseAutoencoder autoencoder = new RandomAutoencoder(
            new SparseAutoencoderArchitecture { Kind = kind, K = kind == SparseAutoencoderKind.TopK ? 5 : 0, Normalization = normalization, SubtractsDecoderBias = subtractsBias, IsTranscoder = isTranscoder }, 14, Width, Width, seed: 4).Build();
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

    [Theory]
    [InlineData(InputNormalization.None)]
    [InlineData(InputNormalization.LayerNorm)]
    [InlineData(InputNormalization.Centered)]
    [InlineData(InputNormalization.ConstantNorm)]
    public void Derivative_of_the_output_scale_is_the_finite_difference_and_where_means_are_taken_the_output_moves_with_them(InputNormalization normalization)
    {
        const int Width = 9;
        using SparseAutoencoder autoencoder = new RandomAutoencoder(new SparseAutoencoderArchitecture { Kind = SparseAutoencoderKind.Standard, Normalization = normalization }, 14, Width, Width, seed: 4).Build();
        Random random = new(9);
        float[] input = [.. Enumerable.Range(0, Width).Select(_ => (float)(random.NextDouble() * 3))];
        float[] gradient = new float[Width];
        autoencoder.OutputScaleGradient(input, gradient);
        for (int i = 0; i < Width; i++)
        {
            const float Step = 1e-2f;
            float[] up = [.. input], down = [.. input];
            up[i] += Step;
            down[i] -= Step;
            Assert.Equal((autoencoder.OutputScale(up) - (double)autoencoder.OutputScale(down)) / (2 * Step), gradient[i], 1e-3);
        }

        // Features of a centred input do not know its mean: only the shift brings it back.
        float[] shifted = [.. input.Select(value => value + 1)], before = new float[Width], after = new float[Width];
        autoencoder.Reconstruct(input, before);
        autoencoder.Reconstruct(shifted, after);
        Assert.Equal(autoencoder.ShiftsOutput, before.Zip(after).All(pair => Math.Abs(pair.Second - pair.First - 1) < 1e-4));
        Assert.Throws<ArgumentException>(() => autoencoder.OutputScaleGradient(input, new float[2]));
    }

    private static (int Feature, float Value)[] Encode(SparseAutoencoder autoencoder, float[] input)
    {
        using SparseFeatureRows rows = new(autoencoder.FeatureCount);
        autoencoder.Encode(input, rows);
        return [.. rows.Indices(0).ToArray().Zip(rows.Values(0).ToArray())];
    }
}
