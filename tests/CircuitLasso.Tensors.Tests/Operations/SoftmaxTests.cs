namespace CircuitLasso.Tensors.Tests;

public sealed class SoftmaxTests
{
    public static TheoryData<int[]> Shapes => new()
    {
        { [1] },
        { [7] },
        { [3, 5] },
        { [2, 3, 40] },
        { [0, 3] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Softmax_and_its_logarithm_normalise_every_row(int[] shape)
    {
        Reference x = Reference.Random(new Random(1), shape, -5, 5);
        OperationCheck.Agrees(t => t[0].Softmax(), t => t[0].MapRows(Softmax), [x], 1e-6, 1e-6);
        OperationCheck.Agrees(t => t[0].LogSoftmax(), t => t[0].MapRows(row => [.. Softmax(row).Select(value => Math.Log(value))]), [x], 1e-6, 1e-5);
    }

    [Fact]
    public void Large_scores_do_not_overflow()
    {
        using TensorScope scope = new();
        Tensor x = Tensor.FromValues([1e4f, 1e4f, -1e4f, float.NegativeInfinity, 3e38f, 3e38f, -3e38f, 0], 2, 4);
        Assert.Equal([0.5f, 0.5f, 0, 0, 0.5f, 0.5f, 0, 0], x.Softmax().ToArray());
        float[] logarithms = x.LogSoftmax().ToArray();
        Assert.Equal(-Math.Log(2), logarithms[0], 1e-3);
        Assert.Equal(-20000.693, logarithms[2], 0.01);
        Assert.Equal(float.NegativeInfinity, logarithms[3]);
        Assert.Equal(20000.693, Tensor.FromValues([1e4f, 1e4f, -1e4f], 1, 3).CrossEntropy([2]).Item(), 0.01);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 3)]
    [InlineData(9, 50)]
    public void Cross_entropy_is_the_mean_over_counted_rows(int rows, int classes)
    {
        Random random = new(2);
        Reference logits = Reference.Random(random, [rows, classes], -3, 3);
        int[] targets = [.. Enumerable.Range(0, rows).Select(_ => random.Next(classes))];
        Check(targets, -1);
        if (rows > 1)
        {
            targets[1] = -100;
            Check(targets, -100);
        }

        void Check(int[] targets, int ignored) => OperationCheck.Agrees(
            t => t[0].CrossEntropy(targets, ignored),
            t =>
            {
                int[] counted = [.. Enumerable.Range(0, rows).Where(row => targets[row] != ignored)];
                return new Reference([], [counted.Average(row => -Math.Log(Softmax(t[0].Values[(row * classes)..((row + 1) * classes)])[targets[row]]))]);
            },
            [logits],
            1e-6,
            1e-6);
    }

    [Fact]
    public void Cross_entropy_over_a_vocabulary_larger_than_its_buffer_agrees_with_log_softmax()
    {
        using TensorScope scope = new();
        Tensor logits = new RandomSource(3).NormalTensor(4, 3, 10007);
        int[] targets = [10006, 0, 4096];
        double expected = -logits.LogSoftmax().GatherLast(targets).ToArray().Average(value => (double)value);
        Assert.Equal(expected, logits.CrossEntropy(targets).Item(), 2e-6 * expected);
    }

    [Fact]
    public void Cross_entropy_without_counted_rows_is_zero_and_so_is_its_gradient()
    {
        using TensorScope scope = new();
        Tensor logits = Tensor.FromValues([1, 2, 3, 4], 2, 2);
        logits.RequiresGradient = true;
        Tensor loss = logits.CrossEntropy([-1, -1]);
        loss.Backward();
        Assert.Equal(0, loss.Item());
        Assert.Equal([0, 0, 0, 0], logits.Gradient!.ToArray());
    }

    [Fact]
    public void Targets_outside_the_classes_are_refused()
    {
        using TensorScope scope = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Zeros(2, 3).CrossEntropy([0, 3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Zeros(2, 3).CrossEntropy([0, -1], ignored: -100));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3).CrossEntropy([0]));
    }

    private static double[] Softmax(double[] row)
    {
        double maximum = row.Max();
        double sum = row.Sum(value => Math.Exp(value - maximum));
        return [.. row.Select(value => Math.Exp(value - maximum) / sum)];
    }
}
