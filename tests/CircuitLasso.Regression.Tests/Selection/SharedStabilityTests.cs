using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SharedStabilityTests
{
    [Theory]
    [InlineData(0.05, false)]
    [InlineData(1, false)]
    [InlineData(0.05, true)]
    [InlineData(1, true)]
    public void Frequencies_are_those_of_refits_on_the_rows_of_each_half(double density, bool centred)
    {
        const int Rows = 200, Features = 30, Targets = 3, HalfSamples = 6;
        SparseSample sample = new(Rows, Features, Targets, density, 3);
        SharedGramOptions options = new() { LambdaRatio = 0.05, Tolerance = 1e-9 };
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X), centred: centred);
        CompressedColumns<float> targets = SparseSample.Compress(sample.Y);
        SharedGramSolution whole = SharedGramSolver.Solve(design, null, targets, options, cancellationToken: TestContext.Current.CancellationToken);
        (CompressedColumns<double> frequencies, int missed) = SharedStability.Run(
            design, targets, whole, options, HalfSamples, seed: 9, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, missed);
        int[,] counts = new int[Features, Targets];
        FoldAssignment assignment = FoldAssignment.ForRows(Rows, 20);
        for (int half = 0; half < HalfSamples; half++)
        {
            int[] folds = StabilitySelection.HalfSample(20, 9, half);
            int[] rows = [.. Enumerable.Range(0, Rows).Where(row => folds.Contains(assignment.FoldOf(row)))];
            Assert.Equal(Rows / 2, rows.Length);
            for (int t = 0; t < Targets; t++)
            {
                (double[] slow, _, _) = SlowLasso.Solve(Select(sample.X, rows), Select(sample.Y, rows), t, whole.Certificates[t].Lambda / 2, centred);
                for (int j = 0; j < Features; j++)
                {
                    counts[j, t] += slow[j] != 0 ? 1 : 0;
                }
            }
        }

        int agreeing = 0;
        for (int j = 0; j < Features; j++)
        {
            for (int t = 0; t < Targets; t++)
            {
                double frequency = SparseSample.Weight(frequencies, j, t);
                agreeing += Math.Abs(frequency - (counts[j, t] / (double)HalfSamples)) < 1e-9 ? 1 : 0;
            }
        }

        // A coefficient that is nearly zero may be counted by one and not by the other.
        Assert.InRange(agreeing, (Features * Targets) - 2, Features * Targets);
        Assert.Contains(1.0, frequencies.Values.ToArray());
        Assert.Contains(frequencies.Values.ToArray(), frequency => frequency < 1);
    }

    [Fact]
    public void A_path_or_an_odd_number_of_half_samples_is_refused()
    {
        SparseSample sample = new(60, 8, 2, 0.3, 3);
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X));
        CompressedColumns<float> targets = SparseSample.Compress(sample.Y);
        SharedGramOptions options = new() { LambdaRatio = 0.1, PathLength = 2 };
        SharedGramSolution path = SharedGramSolver.Solve(design, null, targets, options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Throws<ArgumentException>(() => SharedStability.Run(design, targets, path, options, 4));
        SharedGramSolution one = SharedGramSolver.Solve(design, null, targets, options with { PathLength = 1 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Throws<ArgumentOutOfRangeException>(() => SharedStability.Run(design, targets, one, options, 3));
    }

    private static float[,] Select(float[,] matrix, int[] rows)
    {
        float[,] selected = new float[rows.Length, matrix.GetLength(1)];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < selected.GetLength(1); j++)
            {
                selected[i, j] = matrix[rows[i], j];
            }
        }

        return selected;
    }
}
