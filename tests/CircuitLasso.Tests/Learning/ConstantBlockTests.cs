using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class ConstantBlockTests
{
    private const int Rows = 60;
    private static readonly float[,] _varying = Numbers(constant: false);
    private static readonly float[,] _constant = Numbers(constant: true);

    [Fact]
    public void A_target_block_that_is_constant_is_refused_by_name()
    {
        InputException refused = Assert.Throws<InputException>(() => LassoLearner.Learn(new ArrayLearningData(("a", 0, _varying), ("b", 1, _varying), ("choice", 2, _constant)), null));
        Assert.Contains("'choice' is constant", refused.Message, StringComparison.Ordinal);
        Assert.Contains("nothing to explain", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(0.1, null)]
    [InlineData(null, 4.0)]
    public void Sources_that_are_constant_explain_nothing_at_lambda_zero_unless_one_is_given(double? ratio, double? lambda)
    {
        LearningOptions options = new() { LambdaRatio = ratio, Lambda = lambda, StabilityPairs = 2 };
        LearningResult result = LassoLearner.Learn(new ArrayLearningData(("a", 0, _constant), ("choice", 1, _varying)), null, options);
        Assert.Equal(lambda ?? 0, result.Lambda);
        Assert.Equal(lambda ?? 0, result.Circuit.Metrics["lambda"]);
        Assert.Equal(0, result.Circuit.Metrics["nonzeros"]);
        Assert.Equal(0, result.MissedTargets);
        Assert.Empty(result.Circuit.Edges);
    }

    [Fact]
    public void A_constant_block_among_others_changes_nothing_between_them()
    {
        LearningOptions options = new() { LambdaRatio = 0.1 };
        LearningResult without = LassoLearner.Learn(new ArrayLearningData(("a", 0, _varying), ("choice", 2, _varying)), null, options);
        LearningResult with = LassoLearner.Learn(new ArrayLearningData(("a", 0, _varying), ("still", 1, _constant), ("choice", 2, _varying)), null, options);
        Assert.True(without.Lambda > 1e-3);
        Assert.Equal(without.Lambda, with.Lambda);
        Assert.Equal(without.Circuit.Edge("a", "choice")!.Weight, with.Circuit.Edge("a", "choice")!.Weight, 1e-12);
        Assert.Null(with.Circuit.Edge("a", "still"));
    }

    [Fact]
    public void The_bar_moves_with_every_target_of_the_path_the_validation_and_the_solve()
    {
        Recorder recorder = new();
        LassoLearner.Learn(new ArrayLearningData(("a", 0, _varying), ("choice", 1, _varying)), null, new LearningOptions { PathCount = 6 }, recorder, TestContext.Current.CancellationToken);
        int Counted(string stage) => recorder.Reports.Count(report => report.Stage == stage && report.Unit == "targets");
        Assert.Equal(6 * 2, Counted("lambda path"));
        Assert.Equal(5 * 6 * 2, Counted("cross-validating"));
        Assert.Equal(2, Counted("solve"));
    }

    private static float[,] Numbers(bool constant)
    {
        Gaussian gaussian = new(4);
        float[,] values = new float[Rows, 2];
        for (int row = 0; row < Rows; row++)
        {
            (values[row, 0], values[row, 1]) = constant ? (0.1f, 1e6f) : ((float)gaussian.Next(), (float)gaussian.Next());
        }

        return values;
    }

    private sealed class Recorder : IProgress<WorkProgress>
    {
        public List<WorkProgress> Reports { get; } = [];

        public void Report(WorkProgress value)
        {
            lock (Reports)
            {
                Reports.Add(value);
            }
        }
    }
}
