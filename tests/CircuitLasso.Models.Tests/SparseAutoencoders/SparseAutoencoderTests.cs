using CircuitLasso.Numerics;

namespace CircuitLasso.Models.Tests;

public sealed class SparseAutoencoderTests
{
    private const double Tolerance = 2e-5;

    public static TheoryData<SparseAutoencoderKind, InputNormalization, bool, int, int, int> Cases()
    {
        TheoryData<SparseAutoencoderKind, InputNormalization, bool, int, int, int> cases = [];
        foreach (SparseAutoencoderKind kind in Enum.GetValues<SparseAutoencoderKind>())
        {
            foreach (InputNormalization normalization in Enum.GetValues<InputNormalization>())
            {
                cases.Add(kind, normalization, true, 33, 7, 5);
                cases.Add(kind, normalization, false, 130, 16, 300);
            }

            cases.Add(kind, InputNormalization.None, true, 1, 1, 3);
            cases.Add(kind, InputNormalization.None, true, 1000, 24, 2);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Features_reconstructions_and_errors_agree_with_the_scalar_twin(SparseAutoencoderKind kind, InputNormalization normalization, bool subtracts, int count, int width, int rows)
    {
        SparseAutoencoderArchitecture architecture = new()
        {
            Kind = kind,
            K = kind == SparseAutoencoderKind.TopK ? Math.Min(4, count) : 0,
            Normalization = normalization,
            SubtractsDecoderBias = subtracts,
        };
        RandomAutoencoder random = new(architecture, count, width, width);
        using SparseAutoencoder autoencoder = random.Build();
        RequireAgreement(random, autoencoder, random.Values(rows * width), width, width);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_transcoder_writes_another_width_and_is_not_scaled_back(bool skip)
    {
        SparseAutoencoderArchitecture architecture = new() { Kind = SparseAutoencoderKind.Standard, Normalization = InputNormalization.LayerNorm, IsTranscoder = true };
        RandomAutoencoder random = new(architecture, 50, 9, 6, skip);
        using SparseAutoencoder autoencoder = random.Build();
        Assert.Equal((9, 6, skip), (autoencoder.InputWidth, autoencoder.OutputWidth, autoencoder.DecodingNeedsInputs));
        RequireAgreement(random, autoencoder, random.Values(17 * 9), 9, 6);
    }

    [Fact]
    public void TopK_without_clipping_keeps_negative_values()
    {
        RandomAutoencoder random = new(new() { Kind = SparseAutoencoderKind.TopK, K = 19, KeepsNegative = true }, 20, 3, 3);
        using SparseAutoencoder autoencoder = random.Build();
        using SparseFeatureRows features = RequireAgreement(random, autoencoder, random.Values(30), 3, 3);
        Assert.Equal(19 * 10, features.EntryCount);
        Assert.Contains(features.EntryValues.ToArray(), value => value < 0);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(64, 40)]
    [InlineData(500, 1)]
    [InlineData(500, 3)]
    [InlineData(500, 31)]
    [InlineData(500, 250)]
    [InlineData(500, 499)]
    [InlineData(5000, 32)]
    public void The_largest_are_chosen_as_by_sorting_and_ties_go_to_the_smaller_index(int count, int k)
    {
        Random random = new(count + k);
        foreach (int levels in (int[])[1, 2, 7, 1 << 20])
        {
            foreach (float bound in (float[])[0, float.NegativeInfinity])
            {
                float[] row = [.. Enumerable.Range(0, count).Select(_ => (float)(random.Next(levels) - (levels / 3)) / 4)];
                int[] indices = new int[k];
                float[] values = new float[k];
                int written = FeatureSelection.Largest(row, k, bound, indices, values);
                int[] expected = [.. Enumerable.Range(0, count).OrderByDescending(i => row[i]).ThenBy(i => i).Take(k).Where(i => row[i] > bound && row[i] != 0).Order()];
                Assert.Equal(expected, indices[..written]);
                Assert.Equal(expected.Select(i => row[i]), values[..written]);
            }
        }
    }

    [Fact]
    public void Numbers_that_are_none_are_never_chosen()
    {
        float[] row = new float[40];
        Array.Fill(row, float.NaN);
        (row[7], row[30]) = (float.PositiveInfinity, 2);
        int[] indices = new int[5];
        Assert.Equal(2, FeatureSelection.Largest(row, 5, float.NegativeInfinity, indices, new float[5]));
        Assert.Equal([7, 30], indices[..2]);
    }

    [Theory]
    [InlineData(SparseAutoencoderKind.Standard)]
    [InlineData(SparseAutoencoderKind.TopK)]
    public void Any_number_of_threads_gives_the_same_bytes(SparseAutoencoderKind kind)
    {
        RandomAutoencoder random = new(new() { Kind = kind, K = kind == SparseAutoencoderKind.TopK ? 16 : 0 }, 2000, 32, 32);
        using SparseAutoencoder autoencoder = random.Build();
        float[] inputs = random.Values(700 * 32);
        using SparseFeatureRows expected = new(2000);
        autoencoder.Encode(inputs, expected);
        int before = DeterministicParallel.Threads;
        try
        {
            foreach (int threads in (int[])[1, 3])
            {
                DeterministicParallel.Threads = threads;
                using SparseFeatureRows actual = new(2000);
                autoencoder.Encode(inputs, actual);
                Assert.Equal(expected.RowStarts, actual.RowStarts);
                Assert.Equal(expected.EntryIndices, actual.EntryIndices);
                Assert.Equal(expected.EntryValues, actual.EntryValues);
            }
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void Encoding_adds_rows_after_those_that_are_there()
    {
        RandomAutoencoder random = new(new() { Kind = SparseAutoencoderKind.Standard }, 30, 4, 4);
        using SparseAutoencoder autoencoder = random.Build();
        float[] inputs = random.Values(12);
        using SparseFeatureRows features = new(30);
        autoencoder.Encode(inputs, features);
        autoencoder.Encode(inputs, features);
        Assert.Equal(6, features.RowCount);
        Assert.Equal(features.Indices(1), features.Indices(4));
        Assert.Equal(features.Values(1), features.Values(4));
        features.Clear();
        Assert.Equal((0, 0L), (features.RowCount, features.EntryCount));
    }

    [Fact]
    public void A_row_of_zeros_under_constant_norm_is_reconstructed_as_zeros()
    {
        RandomAutoencoder random = new(new() { Kind = SparseAutoencoderKind.Standard, Normalization = InputNormalization.ConstantNorm }, 8, 4, 4);
        using SparseAutoencoder autoencoder = random.Build();
        float[] output = [1, 1, 1, 1];
        autoencoder.Reconstruct(new float[4], output);
        Assert.Equal(new float[4], output);
        Assert.Equal(0, autoencoder.OutputScale(new float[4]));
    }

    [Fact]
    public void An_activation_that_is_no_number_is_refused_with_its_site()
    {
        RandomAutoencoder random = new(new() { Kind = SparseAutoencoderKind.Standard }, 8, 4, 4);
        using SparseAutoencoder autoencoder = new(random.Architecture, random.Parameters(), new() { Format = "test", InputSite = new Site(SiteKind.ResidualAfter, 2) });
        using SparseFeatureRows features = new(8);
        InputException exception = Assert.Throws<InputException>(() => autoencoder.Encode([1, 2, float.NaN, 3], features));
        Assert.Equal("resid_post.2", exception.Subject);
        Assert.Equal(0, features.RowCount);
    }

    [Fact]
    public void Parameters_that_do_not_fit_are_refused()
    {
        SparseAutoencoderArchitecture standard = new() { Kind = SparseAutoencoderKind.Standard };
        RandomAutoencoder random = new(standard, 8, 4, 4);
        Refused(standard with { Kind = SparseAutoencoderKind.JumpRelu });
        Refused(standard with { Kind = SparseAutoencoderKind.Gated });
        Refused(standard with { Kind = SparseAutoencoderKind.TopK });
        Refused(standard with { Kind = SparseAutoencoderKind.TopK, K = 9 });
        Refused(standard with { K = 1 });
        Assert.Throws<ArgumentException>(() => new RandomAutoencoder(standard, 8, 4, 5).Build());
        Assert.Throws<ArgumentException>(() => new RandomAutoencoder(standard, 8, 4, 4, skip: true).Build());
        Assert.Throws<ArgumentException>(() => new RandomAutoencoder(standard with { Normalization = InputNormalization.LayerNorm }, 8, 1, 1).Build());

        void Refused(SparseAutoencoderArchitecture architecture)
        {
            using SparseAutoencoderParameters parameters = random.Parameters();
            Assert.Throws<ArgumentException>(() => new SparseAutoencoder(architecture, parameters, new() { Format = "test" }));
        }
    }

    [Fact]
    public void Rows_of_a_wrong_length_are_refused()
    {
        RandomAutoencoder random = new(new() { Kind = SparseAutoencoderKind.Standard, Normalization = InputNormalization.LayerNorm }, 8, 4, 4);
        using SparseAutoencoder autoencoder = random.Build();
        using SparseFeatureRows features = new(8);
        using SparseFeatureRows others = new(9);
        Assert.Throws<ArgumentException>(() => autoencoder.Encode(new float[5], features));
        Assert.Throws<ArgumentException>(() => autoencoder.Encode(new float[4], others));
        autoencoder.Encode([1, 2, 3, 4], features);
        Assert.Throws<ArgumentException>(() => autoencoder.Decode(features, [], new float[4]));
        Assert.Throws<ArgumentException>(() => autoencoder.Decode(features, new float[4], new float[8]));
        Assert.Throws<ArgumentException>(() => features.Add([3, 3], [1, 1]));
        Assert.Throws<ArgumentException>(() => features.Add([8], [1]));
        Assert.Throws<ArgumentException>(() => features.Add([1, 2], [1]));
    }

    private static SparseFeatureRows RequireAgreement(RandomAutoencoder random, SparseAutoencoder autoencoder, float[] inputs, int inputWidth, int outputWidth)
    {
        int rows = inputs.Length / inputWidth;
        SparseFeatureRows features = new(autoencoder.FeatureCount);
        autoencoder.Encode(inputs, features);
        float[] outputs = new float[rows * outputWidth];
        autoencoder.Decode(features, inputs, outputs);
        float[] targets = random.Values(outputs.Length);
        float[] errors = new float[outputs.Length];
        autoencoder.Error(inputs, targets, errors);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> input = inputs.AsSpan(row * inputWidth, inputWidth);
            double[] expected = ScalarSparseAutoencoder.Encode(random, input);
            double[] actual = new double[expected.Length];
            ReadOnlySpan<int> indices = features.Indices(row);
            for (int i = 0; i < indices.Length; i++)
            {
                Assert.True(i == 0 || indices[i] > indices[i - 1]);
                Assert.NotEqual(0, features.Values(row)[i]);
                actual[indices[i]] = features.Values(row)[i];
            }

            double[] output = ScalarSparseAutoencoder.Decode(random, actual, input);
            for (int feature = 0; feature < expected.Length; feature++)
            {
                Assert.Equal(expected[feature], actual[feature], Tolerance);
            }

            for (int i = 0; i < outputWidth; i++)
            {
                Assert.Equal(output[i], outputs[(row * outputWidth) + i], 1e-6 * (20 + actual.Sum(Math.Abs)));
                Assert.Equal(targets[(row * outputWidth) + i] - outputs[(row * outputWidth) + i], errors[(row * outputWidth) + i]);
            }
        }

        return features;
    }
}
