namespace CircuitLasso.Tensors.Tests;

[Collection(ThreadCount.Collection)]
public sealed class VocabularyTests
{
    public static TheoryData<int, int, int, bool, float?> Shapes => new()
    {
        { 1, 1, 1, false, null },
        { 5, 7, 13, true, null },
        { 3, 4, 3000, true, 0.5f },
        { 9000, 3, 700, false, 2f },
        { 0, 3, 5, false, null },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Log_probabilities_are_those_of_the_whole_softmax(int rows, int width, int classes, bool hasBias, float? softCap)
    {
        using TensorScope scope = new();
        RandomSource random = new(1);
        Tensor x = random.NormalTensor(1, rows, width);
        Tensor weight = random.NormalTensor(1, classes, width);
        Tensor? bias = hasBias ? random.NormalTensor(1, classes) : null;
        int[] targets = [.. Enumerable.Range(0, rows).Select(row => (int)((long)row * row * 7 % classes))];
        Tensor scores = x.Linear(weight, bias, weightIsInputByOutput: false);
        double[] slow = [.. (softCap is { } cap ? scores.SoftCap(cap) : scores).LogSoftmax().GatherLast(targets).ToArray().Select(value => (double)value)];
        Tensor fast = x.LogProbabilities(weight, bias, targets, softCap);
        Assert.Equal([rows], fast.Shape.ToArray());
        OperationCheck.AssertClose(slow, fast.ToArray(), 2e-6, "log-probability");
        x.RequiresGradient = true;
        OperationCheck.AssertClose(slow, x.LogProbabilities(weight, bias, targets, softCap).ToArray(), 2e-6, "log-probability with gradients");
        Assert.True(x.LogProbabilities(weight, bias, targets, softCap).RequiresGradient);
    }

    [Theory]
    [InlineData(StoredType.BFloat16, "rows")]
    [InlineData(StoredType.Float32, "transposed")]
    [InlineData(StoredType.Float16, "columns of a wider one")]
    public void Weights_in_a_file_give_the_same_on_any_number_of_threads(StoredType type, string layout)
    {
        using TensorScope scope = new();
        using MappedWeights weights = new(type, layout, 5000, 20);
        Tensor x = new RandomSource(2).NormalTensor(1, 900, 20);
        int[] targets = [.. Enumerable.Range(0, 900).Select(row => row * 5)];
        float[] expected = x.LogProbabilities(weights.Wide, null, targets).ToArray();
        float[] one = ThreadCount.With(1, () => x.LogProbabilities(weights.Mapped, null, targets).ToArray());
        OperationCheck.AssertClose([.. expected.Select(value => (double)value)], one, 2e-6, "log-probability");
        Assert.Equal(one, ThreadCount.With(3, () => x.LogProbabilities(weights.Mapped, null, targets).ToArray()));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using TensorScope scope = new();
        Tensor x = Tensor.Zeros(2, 3);
        Tensor weight = Tensor.Zeros(5, 3);
        Assert.Throws<ArgumentException>(() => x.LogProbabilities(weight, null, [1]));
        Assert.Throws<ArgumentException>(() => x.LogProbabilities(Tensor.Zeros(3, 5), null, [1, 2]));
        Assert.Throws<ArgumentException>(() => x.LogProbabilities(weight, Tensor.Zeros(3), [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.LogProbabilities(weight, null, [1, 5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.LogProbabilities(weight, null, [1, 2], 0));
    }
}
