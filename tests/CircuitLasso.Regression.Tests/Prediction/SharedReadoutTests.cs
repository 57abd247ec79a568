using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SharedReadoutTests
{
    private static readonly SharedReadoutOptions _tight = new() { Tolerance = 1e-10, Shuffles = 3 };

    [Fact]
    public void Numbers_are_fitted_at_the_lambda_of_least_criterion_as_the_path_has_it()
    {
        (float[,] x, double[] y, _) = Sample(300, 40, 2);
        using SharedDesign design = Design(x, centred: true);
        SharedReadout fit = SharedReadout.FitNumbers(design, y, FoldAssignment.ForRows(300), _tight, cancellationToken: TestContext.Current.CancellationToken);
        float[,] target = new float[300, 1];
        for (int i = 0; i < 300; i++)
        {
            target[i, 0] = (float)y[i];
        }

        (double[] weights, _, _) = SlowLasso.Solve(x, target, 0, fit.Certificate.Lambda, centred: true);
        Assert.Equal([1, 5], fit.Coefficients.RowsOf(0));
        for (int j = 0; j < 40; j++)
        {
            Assert.Equal(weights[j], fit.Coefficients[j, 0], 1e-7);
        }

        Assert.True(fit.IsPredictable);
        Assert.InRange(fit.RSquared!.Value, 0.8, 1);
        Assert.InRange(fit.AreaUnderCurve.Value, 0.85, 1);
        Assert.InRange(fit.RSquared.ShuffledMaximum, -0.2, 0.1);
    }

    [Fact]
    public void By_held_out_error_numbers_are_fitted_at_the_lambda_whose_fits_outside_each_fold_err_least_on_it()
    {
        const int Rows = 120, Features = 12, Steps = 13;
        (float[,] x, double[] y, _) = Sample(Rows, Features, 2);
        using SharedDesign design = Design(x, centred: true);
        SharedReadoutOptions options = _tight with { SelectsByHeldOutError = true, PathLength = 8, PathRatio = 1e-3 };
        FoldAssignment folds = FoldAssignment.ForRows(Rows, 4);
        SharedReadout fit = SharedReadout.FitNumbers(design, y, folds, options, cancellationToken: TestContext.Current.CancellationToken);
        double Share(int step) => Math.Pow(SharedReadoutOptions.HeldOutPathRatio, step / (Steps - 1.0));
        double[] errors = new double[Steps];
        for (int fold = 0; fold < 4; fold++)
        {
            (float[,] training, float[,] target) = Take(x, y, row => folds.FoldOf(row) != fold);
            double largest = Largest(training, target);
            for (int step = 0; step < Steps; step++)
            {
                double[] weights = SlowLasso.Solve(training, target, 0, Share(step) * largest, centred: true).Weights;
                double intercept = Fitted(training, target, weights);
                errors[step] += Enumerable.Range(0, Rows).Where(row => folds.FoldOf(row) == fold).Sum(row => Math.Pow(y[row] - intercept - Enumerable.Range(0, Features).Sum(j => weights[j] * x[row, j]), 2));
            }
        }

        int best = Array.IndexOf(errors, errors.Min());
        Assert.InRange(best, 2, Steps - 2);
        (float[,] all, float[,] numbers) = Take(x, y, _ => true);
        double first = Largest(all, numbers);
        Assert.Equal(Share(best) * first, fit.Certificate.Lambda, 1e-5 * first);
        double[] slow = SlowLasso.Solve(all, numbers, 0, fit.Certificate.Lambda, centred: true).Weights;
        for (int j = 0; j < Features; j++)
        {
            Assert.Equal(slow[j], fit.Coefficients[j, 0], 1e-6);
            double enters = Enumerable.Range(0, best + 1).Select(step => Share(step) * first).FirstOrDefault(lambda => SlowLasso.Solve(all, numbers, 0, lambda, centred: true).Weights[j] != 0);
            Assert.Equal(slow[j] == 0 ? 0 : enters, fit.EntersAt[j, 0], 1e-5 * first);
        }

        SharedReadout strict = SharedReadout.FitNumbers(design, y, folds, options with { SelectsByHeldOutError = false }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(strict.Coefficients.NonZeros < fit.Coefficients.NonZeros);
        Assert.Equal(strict.RSquared!.Value, fit.RSquared!.Value);

        static double Largest(float[,] x, float[,] y)
        {
            double mean = y.Cast<float>().Average(value => (double)value);
            return 2 * Enumerable.Range(0, x.GetLength(1)).Max(j => Math.Abs(Enumerable.Range(0, x.GetLength(0)).Sum(i => x[i, j] * (y[i, 0] - mean))));
        }

        static double Fitted(float[,] x, float[,] y, double[] weights) =>
            Enumerable.Range(0, x.GetLength(0)).Average(i => y[i, 0] - Enumerable.Range(0, weights.Length).Sum(j => weights[j] * x[i, j]));

        static (float[,] X, float[,] Y) Take(float[,] x, double[] y, Func<int, bool> keeps)
        {
            int[] rows = [.. Enumerable.Range(0, y.Length).Where(keeps)];
            float[,] some = new float[rows.Length, x.GetLength(1)], numbers = new float[rows.Length, 1];
            for (int i = 0; i < rows.Length; i++)
            {
                numbers[i, 0] = (float)y[rows[i]];
                for (int j = 0; j < x.GetLength(1); j++)
                {
                    some[i, j] = x[rows[i], j];
                }
            }

            return (some, numbers);
        }
    }

    [Fact]
    public void By_held_out_error_noise_is_not_predictable_either()
    {
        (float[,] x, _, _) = Sample(200, 40, 2);
        Random random = new(8);
        double[] noise = [.. Enumerable.Range(0, 200).Select(_ => random.NextDouble())];
        using SharedDesign centred = Design(x, centred: true);
        Assert.False(SharedReadout.FitNumbers(centred, noise, FoldAssignment.ForRows(200), new() { SelectsByHeldOutError = true }, cancellationToken: TestContext.Current.CancellationToken).IsPredictable);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Classes_are_fitted_at_the_lambda_of_least_criterion_as_the_solver_of_dense_designs_has_it(int classes)
    {
        const int Rows = 400, Features = 30;
        (float[,] x, _, int[] labels) = Sample(Rows, Features, classes);
        using SharedDesign design = Design(x, centred: false);
        SharedReadout fit = SharedReadout.FitClasses(design, labels, FoldAssignment.ForRows(Rows), _tight, TestContext.Current.CancellationToken);
        using DenseDesign dense = DenseDesign.FromRows(x.Cast<float>().ToArray(), Features);
        IClassificationLoss loss = classes == 2 ? new LogisticLoss(labels) : new MultinomialLoss(labels, classes);
        double largest = ProximalNewtonSolver.MaximumLambda(dense, loss);
        int outputs = classes == 2 ? 1 : classes;
        double price = Math.Log(Rows) + (2 * Math.Log(Features * outputs));
        ClassificationSolution?[] path = [.. Enumerable.Range(0, 30).Select(k =>
            ProximalNewtonSolver.Solve(dense, loss, new L1Penalty(largest * Math.Pow(1e-3, k / 39.0)), new SolverOptions { Tolerance = 1e-11 }))];
        ClassificationSolution best = path.MinBy(solution => (2 * solution!.Certificate.Loss) + (Enumerable.Range(0, outputs).Sum(c => solution.Coefficients.RowsOf(c).Length) * price))!;
        Assert.Equal(best.Certificate.Lambda, fit.Certificate.Lambda, 1e-6 * largest);
        for (int c = 0; c < outputs; c++)
        {
            Assert.Equal(best.Coefficients.RowsOf(c), fit.Coefficients.RowsOf(c));
            foreach (int j in best.Coefficients.RowsOf(c))
            {
                Assert.Equal(best.Coefficients[j, c], fit.Coefficients[j, c], 1e-5);
                Assert.Equal(path.First(solution => solution!.Coefficients[j, c] != 0)!.Certificate.Lambda, fit.EntersAt[j, c], 1e-6 * largest);
            }
        }

        Assert.True(fit.Coefficients.NonZeros > 0);
        Assert.Null(fit.RSquared);
        Assert.True(fit.IsPredictable);
    }

    [Fact]
    public void Noise_is_not_predictable()
    {
        (float[,] x, _, _) = Sample(200, 40, 2);
        Random random = new(8);
        double[] noise = [.. Enumerable.Range(0, 200).Select(_ => random.NextDouble())];
        using SharedDesign centred = Design(x, centred: true), plain = Design(x, centred: false);
        Assert.False(SharedReadout.FitNumbers(centred, noise, FoldAssignment.ForRows(200), new(), cancellationToken: TestContext.Current.CancellationToken).IsPredictable);
        Assert.False(SharedReadout.FitClasses(plain, [.. noise.Select(value => value > 0.5 ? 1 : 0)], FoldAssignment.ForRows(200), new(), TestContext.Current.CancellationToken).IsPredictable);
    }

    [Fact]
    public void What_the_rows_of_a_text_share_does_not_count_where_texts_are_held_out_whole()
    {
        // Each text of eight rows has a feature of its own and a number of its own: nothing carries over to another text.
        const int Texts = 30, RowsOfText = 8;
        float[,] x = new float[Texts * RowsOfText, Texts];
        double[] y = new double[Texts * RowsOfText];
        Random random = new(3);
        for (int text = 0; text < Texts; text++)
        {
            double level = random.NextDouble();
            for (int row = text * RowsOfText; row < (text + 1) * RowsOfText; row++)
            {
                (x[row, text], y[row]) = (1, level + (0.01 * random.NextDouble()));
            }
        }

        using SharedDesign design = Design(x, centred: true);
        RowGroups groups = new([.. Enumerable.Range(0, y.Length).Select(row => row / RowsOfText)]);
        SharedReadoutOptions options = new() { LambdaRatio = 0.01 };
        Assert.True(SharedReadout.FitNumbers(design, y, new FoldAssignment(5, 1), options, cancellationToken: TestContext.Current.CancellationToken).IsPredictable);
        Assert.False(SharedReadout.FitNumbers(design, y, FoldAssignment.ForGroups(groups), options, cancellationToken: TestContext.Current.CancellationToken).IsPredictable);
    }

    [Fact]
    public void Designs_and_targets_that_do_not_fit_are_refused()
    {
        (float[,] x, double[] y, int[] labels) = Sample(60, 8, 2);
        using SharedDesign centred = Design(x, centred: true), plain = Design(x, centred: false);
        FoldAssignment folds = FoldAssignment.ForRows(60);
        Assert.Throws<ArgumentException>(() => SharedReadout.FitNumbers(plain, y, folds, new()));
        Assert.Throws<ArgumentException>(() => SharedReadout.FitClasses(centred, labels, folds, new()));
        Assert.Throws<InputException>(() => SharedReadout.FitNumbers(centred, new double[60], folds, new()));
        Assert.Throws<InputException>(() => SharedReadout.FitClasses(plain, new int[60], folds, new()));
        y[4] = double.NaN;
        Assert.Contains("row 4", Assert.Throws<InputException>(() => SharedReadout.FitNumbers(centred, y, folds, new())).Message, StringComparison.Ordinal);
    }

    // y = 2 x1 - x5 and a little noise; the classes cut it into equal parts.
    private static (float[,] X, double[] Y, int[] Labels) Sample(int rows, int features, int classes)
    {
        Random random = new(rows + features);
        float[,] x = new float[rows, features];
        double[] y = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < features; j++)
            {
                x[i, j] = random.NextDouble() < 0.3 ? (float)(0.5 + random.NextDouble()) : 0;
            }

            y[i] = (2 * x[i, 1]) - x[i, 5] + (0.3 * (random.NextDouble() - 0.5));
        }

        double[] sorted = [.. y.Order()];
        return (x, y, [.. y.Select(value => Math.Min(classes - 1, Array.BinarySearch(sorted, value) * classes / rows))]);
    }

    private static SharedDesign Design(float[,] x, bool centred)
    {
        using NumPyArray array = NumPyArray.Create<float>(x.Cast<float>().ToArray(), x.GetLength(0), x.GetLength(1));
        return SharedDesign.Create(array, centred);
    }
}
