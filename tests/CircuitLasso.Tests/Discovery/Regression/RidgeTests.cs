namespace CircuitLasso.Tests;

public sealed class RidgeTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(40, 5, 3)]
    [InlineData(9, 12, 2)]
    [InlineData(300, 130, 7)]
    public void One_regression_equals_elimination(int rows, int columns, int targets)
    {
        (float[] x, float[] y) = Data(rows, columns, targets);
        foreach (double share in RidgeShares.Wide.Shares)
        {
            using FoldedGram gram = new(x, columns, Folds(rows));
            FoldedTarget target = new(x, columns, columns, y, targets, targets, Folds(rows), []);
            double[] coefficients = target.CrossWithout(-1);
            Ridge.Solve(gram, coefficients, targets, share);
            double[,] design = Matrix(x, columns);
            double[,] expected = DenseMatrix.Ridge(design, Matrix(y, targets), share * DenseMatrix.MeanSquaredDiagonal(design));
            Assert.All(coefficients, (value, i) => Assert.Equal(expected[i / targets, i % targets], value, 1e-7));
        }
    }

    [Theory]
    [InlineData(1, 4, 2)]
    [InlineData(2, 1, 1)]
    [InlineData(5, 6, 3)]
    [InlineData(7, 40, 5)]
    public void All_causal_slots_by_one_factorisation_equal_a_regression_for_each(int slots, int width, int targets)
    {
        const int Rows = 60;
        (float[] x, float[] y) = Data(Rows, slots * width, 2 * slots * targets);
        double[][] crosses = [.. Enumerable.Range(0, 2).Select(_ => new double[slots * width * slots * targets])];
        for (int k = 0; k < 2; k++)
        {
            FoldedTarget.AddProducts(x, slots * width, slots * width, y.AsSpan(k * slots * targets), slots * targets, 2 * slots * targets, 0, Rows, crosses[k]);
        }

        using FoldedGram gram = new(x, slots * width, Folds(Rows));
        Ridge.SolveSlots(gram, slots, causal: true, crosses, targets, 0.03);
        double[,] design = Matrix(x, slots * width);
        double penalty = 0.03 * DenseMatrix.MeanSquaredDiagonal(design);
        for (int k = 0; k < 2; k++)
        {
            for (int slot = 0; slot < slots; slot++)
            {
                double[,] read = DenseMatrix.Of(Rows, (slot + 1) * width, (i, j) => design[i, j]);
                double[,] written = DenseMatrix.Of(Rows, targets, (i, j) => y[(i * 2 * slots * targets) + (k * slots * targets) + (slot * targets) + j]);
                double[,] expected = DenseMatrix.Ridge(read, written, penalty);
                for (int row = 0; row < slots * width; row++)
                {
                    for (int j = 0; j < targets; j++)
                    {
                        double value = crosses[k][(row * slots * targets) + (slot * targets) + j];
                        Assert.Equal(row < expected.GetLength(0) ? expected[row, j] : 0, value, 1e-8);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void The_penalty_is_the_largest_within_one_standard_error_of_held_out_regressions(bool withMetric, bool damped)
    {
        RidgeShares choice = damped ? RidgeShares.Damped : RidgeShares.Wide;
        const int Rows = 57;
        const int Columns = 12;
        const int Targets = 3;
        (float[] x, float[] y) = Data(Rows, Columns, Targets);
        int[] folds = Folds(Rows);
        double[] metric = withMetric ? [2, 0.5, 0, 0.5, 1, 0.1, 0, 0.1, 0.3] : [];
        using FoldedGram gram = new(x, Columns, folds);
        int[] samples = [.. Enumerable.Range(0, 5).Select(fold => folds[fold + 1] - folds[fold])];
        foreach (int leading in (int[])[Columns, 5])
        {
            FoldedTarget target = new(x, leading, Columns, y, Targets, Targets, folds, metric);
            (double share, double explained) = RidgeCrossValidation.Choose(gram, target, samples, choice)[0];
            double[][] errors = [.. choice.Shares.Select(candidate => Enumerable.Range(0, choice.HeldOutFolds).Select(fold => HeldOut(x, y, leading, candidate, folds, fold, metric)).ToArray())];
            double[] means = [.. errors.Select(values => values.Average())];
            int best = Array.IndexOf(means, means.Min());
            double standardError = Math.Sqrt(errors[best].Sum(e => Math.Pow(e - means[best], 2)) / (choice.HeldOutFolds - 1) / choice.HeldOutFolds);
            int expected = Enumerable.Range(0, means.Length).Last(k => means[k] <= means[best] + standardError);
            Assert.Equal(choice.Shares[expected], share);
            double square = Enumerable.Range(0, choice.HeldOutFolds).Average(fold => HeldOut(x, y, leading, double.PositiveInfinity, folds, fold, metric));
            Assert.Equal(1 - (means[expected] / square), explained, 1e-9);
        }
    }

    [Fact]
    public void A_design_of_zeros_has_coefficients_of_zero()
    {
        float[] x = new float[20];
        (_, float[] y) = Data(10, 2, 1);
        using FoldedGram gram = new(x, 2, Folds(10));
        double[] coefficients = [1, 2];
        Ridge.Solve(gram, coefficients, 1, 0.1);
        Assert.Equal([0, 0], coefficients);
        FoldedTarget target = new(x, 2, 2, y, 1, 1, Folds(10), []);
        Assert.Equal((1.0, 0.0), RidgeCrossValidation.Choose(gram, target, [2, 2, 2, 2, 2], RidgeShares.Wide)[0]);
    }

    private static double HeldOut(float[] x, float[] y, int leading, double share, int[] folds, int fold, double[] metric)
    {
        const int Columns = 12;
        const int Targets = 3;
        int[] kept = [.. Enumerable.Range(0, folds[^1]).Where(row => row < folds[fold] || row >= folds[fold + 1])];
        double[,] design = DenseMatrix.Of(kept.Length, leading, (i, j) => x[(kept[i] * Columns) + j]);
        double[,] written = DenseMatrix.Of(kept.Length, Targets, (i, j) => y[(kept[i] * Targets) + j]);
        double[,] b = double.IsInfinity(share) ? new double[leading, Targets] : DenseMatrix.Ridge(design, written, share * DenseMatrix.MeanSquaredDiagonal(design));
        double error = 0;
        for (int row = folds[fold]; row < folds[fold + 1]; row++)
        {
            double[] residual = [.. Enumerable.Range(0, Targets).Select(t => y[(row * Targets) + t] - Enumerable.Range(0, leading).Sum(j => x[(row * Columns) + j] * b[j, t]))];
            for (int s = 0; s < Targets; s++)
            {
                for (int t = 0; t < Targets; t++)
                {
                    error += residual[s] * residual[t] * (metric.Length > 0 ? metric[(s * Targets) + t] : s == t ? 1 : 0);
                }
            }
        }

        return error / (folds[fold + 1] - folds[fold]);
    }

    private static int[] Folds(int rows) => [.. Enumerable.Range(0, 6).Select(fold => fold * rows / 5)];

    private static double[,] Matrix(float[] values, int columns) => DenseMatrix.Of(values.Length / columns, columns, (i, j) => values[(i * columns) + j]);

    private static (float[] X, float[] Y) Data(int rows, int columns, int targets)
    {
        Random random = new(rows + columns);
        float[] x = [.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() - 0.5))];
        float[] y = [.. Enumerable.Range(0, rows * targets).Select(i => x[i / targets * columns] + (float)(random.NextDouble() - 0.5))];
        return (x, y);
    }
}
