namespace CircuitLasso.Tensors.Tests;

public sealed class NormalizationTests
{
    public static TheoryData<int[]> Shapes => new()
    {
        { [1] },
        { [5] },
        { [3, 8] },
        { [2, 3, 37] },
        { [70, 16] },
        { [0, 4] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Layer_norm_centres_and_scales_every_row(int[] shape)
    {
        Random random = new(1);
        Reference x = Reference.Random(random, shape);
        Reference gain = Reference.Random(random, [shape[^1]]);
        Reference bias = Reference.Random(random, [shape[^1]]);
        OperationCheck.Agrees(t => t[0].LayerNorm(t[1], t[2], 1e-2f), t => Twin(t[0], t[1], t[2], 1e-2f, true, 0), [x, gain, bias]);
        OperationCheck.Agrees(t => t[0].LayerNorm(t[1], null, 1e-2f), t => Twin(t[0], t[1], null, 1e-2f, true, 0), [x, gain]);
        OperationCheck.Agrees(t => t[0].LayerNorm(null, null, 1e-2f), t => Twin(t[0], null, null, 1e-2f, true, 0), [x]);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rms_norm_scales_every_row(int[] shape)
    {
        Random random = new(2);
        Reference x = Reference.Random(random, shape);
        Reference gain = Reference.Random(random, [shape[^1]]);
        OperationCheck.Agrees(t => t[0].RmsNorm(t[1], 1e-2f), t => Twin(t[0], t[1], null, 1e-2f, false, 0), [x, gain]);
        OperationCheck.Agrees(t => t[0].RmsNorm(t[1], 1e-2f, 1), t => Twin(t[0], t[1], null, 1e-2f, false, 1), [x, gain]);
        OperationCheck.Agrees(t => t[0].RmsNorm(null, 1e-2f), t => Twin(t[0], null, null, 1e-2f, false, 0), [x]);
    }

    [Fact]
    public void A_large_mean_does_not_cost_the_variance_its_digits()
    {
        using TensorScope scope = new();
        float[] x = [.. Enumerable.Range(0, 64).Select(i => 4096 + (i % 2))];
        float[] y = Tensor.FromValues(x, 64).LayerNorm(null, null, 0).ToArray();
        Assert.All(y.Select((value, i) => (value, i)), pair => Assert.Equal(pair.i % 2 == 0 ? -1 : 1, pair.value, 1e-6f));
    }

    [Fact]
    public void Gains_of_another_width_are_refused()
    {
        using TensorScope scope = new();
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3).LayerNorm(Tensor.Zeros(2), null, 1e-5f));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3).LayerNorm(null, Tensor.Zeros(1, 3), 1e-5f));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros().RmsNorm(null, 1e-5f));
    }

    private static Reference Twin(Reference x, Reference? gain, Reference? bias, double epsilon, bool centred, double offset) => x.MapRows(row =>
    {
        double mean = centred ? row.Average() : 0;
        double variance = row.Average(value => (value - mean) * (value - mean));
        return [.. row.Select((value, i) => ((value - mean) / Math.Sqrt(variance + epsilon) * (gain is null ? 1 : offset + gain[i])) + (bias?[i] ?? 0))];
    });
}
