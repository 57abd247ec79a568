using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

[Collection("number of threads")]
public sealed class PredictabilityTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Classes_that_depend_on_the_design_are_predictable(int classes)
    {
        ClassSample sample = new(400, 10, classes, 5);
        using DenseDesign design = sample.Design(standardize: true);
        ClassPredictability result = ClassPredictability.Measure(design, sample.Labels, options: new PredictabilityOptions { Shuffles = 5 });
        Assert.True(result.IsPredictable);
        Assert.InRange(result.AreaUnderCurve.Value, 0.7, 1);
        Assert.InRange(result.AreaUnderCurve.ShuffledMean, 0.4, 0.6);
        Assert.Equal(5, result.AreaUnderCurve.Shuffled.Count);
        Assert.True(result.Readout.Certificate.Converged);
        Assert.True(result.Readout.Coefficients.NonZeros > 0);
    }

    [Fact]
    public void Classes_drawn_by_lot_are_not_predictable()
    {
        for (int seed = 1; seed <= 3; seed++)
        {
            ClassSample sample = new(300, 20, 2, seed, strength: 0);
            using DenseDesign design = sample.Design();
            ClassPredictability result = ClassPredictability.Measure(design, sample.Labels, options: new PredictabilityOptions { Seed = (ulong)seed });
            Assert.False(result.IsPredictable);
        }
    }

    [Fact]
    public void Numbers_that_depend_on_the_design_are_predictable_and_noise_is_not()
    {
        const int rows = 400, columns = 12;
        double[] x = RandomMatrix.Correlated(rows, columns, 2), noise = RandomMatrix.Normal(rows, 2, 3);
        double[] y = [.. Enumerable.Range(0, rows).Select(i => 10 + (2 * x[i * columns]) - x[(i * columns) + 4] + noise[2 * i])];
        using DenseDesign design = DenseDesign.FromRows(x, columns, standardize: true);
        NumberPredictability result = NumberPredictability.Measure(design, y);
        Assert.True(result.IsPredictable);
        Assert.True(result.AreaUnderCurve.IsPredictable);
        Assert.InRange(result.RSquared.Value, 0.7, 0.95);
        Assert.InRange(result.AreaUnderCurve.Value, 0.8, 1);
        Assert.True(result.RSquared.ShuffledMaximum < 0.1);
        Assert.Equal(2, result.Coefficients[0], 0.2);
        Assert.Equal(-1, result.Coefficients[4], 0.2);
        Assert.Equal(10, result.Intercept, 0.7);
        Assert.True(result.Certificate.Converged);

        NumberPredictability nothing = NumberPredictability.Measure(design, [.. Enumerable.Range(0, rows).Select(i => noise[(2 * i) + 1])]);
        Assert.False(nothing.IsPredictable);
        Assert.InRange(nothing.RSquared.Value, -0.2, 0.05);
    }

    [Fact]
    public void Predictable_means_two_standard_errors_above_the_best_shuffle()
    {
        Assert.True(new ShuffleComparison(0.7, 0.04, [0.5, 0.6]).IsPredictable);
        Assert.False(new ShuffleComparison(0.7, 0.06, [0.5, 0.6]).IsPredictable);
        Assert.False(new ShuffleComparison(0.001, 0.001, [0, 0]).IsPredictable);
        Assert.Equal(0.55, new ShuffleComparison(0.7, 0.1, [0.5, 0.6]).ShuffledMean, 1e-12);
    }

    [Fact]
    public void Numbers_drawn_by_lot_are_rarely_called_predictable()
    {
        int called = 0;
        for (int seed = 1; seed <= 20; seed++)
        {
            using DenseDesign design = DenseDesign.FromRows(RandomMatrix.Correlated(200, 8, seed), 8);
            called += NumberPredictability.Measure(design, RandomMatrix.Normal(200, 1, 1000 + seed)).IsPredictable ? 1 : 0;
        }

        Assert.InRange(called, 0, 2);
    }

    [Fact]
    public void Held_out_r_squared_equals_fitting_without_the_fold_by_hand()
    {
        // One lambda on the path, so that nothing is chosen inside and the reference is short.
        const int rows = 60, columns = 3;
        double[] x = RandomMatrix.Correlated(rows, columns, 2), noise = RandomMatrix.Normal(rows, 1, 3);
        double[] y = [.. Enumerable.Range(0, rows).Select(i => x[i * columns] + noise[i])];
        FoldAssignment folds = new(3, 2);
        using DenseDesign design = DenseDesign.FromRows(x, columns);
        PredictabilityOptions options = new() { Shuffles = 1, Path = new LambdaPathOptions { Count = 2, Ratio = 1e-9, Solver = new SolverOptions { Tolerance = 1e-12 } } };
        NumberPredictability result = NumberPredictability.Measure(design, y, folds, options);
        double error = 0, nullError = 0;
        for (int fold = 0; fold < 3; fold++)
        {
            int[] train = [.. Enumerable.Range(0, rows).Where(r => folds.FoldOf(r) != fold)], test = [.. Enumerable.Range(0, rows).Where(r => folds.FoldOf(r) == fold)];
            using GramStatistics gram = RandomMatrix.Gram([.. train.SelectMany(r => x.Skip(r * columns).Take(columns).Append(y[r]))], columns + 1);
            using BlockProblem problem = new(gram, BlockOrder.DesignAndTargets(columns, 1));
            LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(1e-9 * problem.MaximumLambda()), options.Path.Solver);
            double mean = train.Average(r => y[r]);
            foreach (int r in test)
            {
                double prediction = solution.Intercepts.Span[columns] + Enumerable.Range(0, columns).Sum(j => x[(r * columns) + j] * solution.Coefficients[j, columns]);
                error += Math.Pow(y[r] - prediction, 2);
                nullError += Math.Pow(y[r] - mean, 2);
            }
        }

        Assert.Equal(1 - (error / nullError), result.RSquared.Value, 1e-6);
    }

    [Fact]
    public void Results_have_the_same_bytes_for_any_number_of_threads_and_follow_the_seed()
    {
        ClassSample sample = new(150, 6, 2, 5);
        using DenseDesign design = sample.Design();
        int before = DeterministicParallel.Threads;
        try
        {
            DeterministicParallel.Threads = 1;
            ClassPredictability one = ClassPredictability.Measure(design, sample.Labels, options: new PredictabilityOptions { Shuffles = 3 });
            DeterministicParallel.Threads = 4;
            ClassPredictability four = ClassPredictability.Measure(design, sample.Labels, options: new PredictabilityOptions { Shuffles = 3 });
            Assert.Equal(one.AreaUnderCurve.Value, four.AreaUnderCurve.Value);
            Assert.Equal(one.AreaUnderCurve.Shuffled, four.AreaUnderCurve.Shuffled);
            Assert.True(one.Readout.Coefficients.Values.SequenceEqual(four.Readout.Coefficients.Values));
            ClassPredictability other = ClassPredictability.Measure(design, sample.Labels, options: new PredictabilityOptions { Shuffles = 3, Seed = 9 });
            Assert.NotEqual(one.AreaUnderCurve.Shuffled, other.AreaUnderCurve.Shuffled);
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void A_shuffle_is_a_permutation_and_differs_by_stream()
    {
        int[] first = SeededPermutation.Of(500, 1, 1), second = SeededPermutation.Of(500, 1, 2);
        Assert.Equal(Enumerable.Range(0, 500), first.Order());
        Assert.NotEqual(first, second);
        Assert.Equal(first, SeededPermutation.Of(500, 1, 1));
        Assert.InRange(first.Where((v, i) => v == i).Count(), 0, 10);
    }

    [Fact]
    public void Labels_that_say_nothing_are_refused()
    {
        using DenseDesign design = DenseDesign.FromRows(RandomMatrix.Normal(30, 2, 1), 2);
        Assert.Contains("one class", Assert.Throws<InputException>(() => ClassPredictability.Measure(design, new int[30])).Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => ClassPredictability.Measure(design, [.. Enumerable.Range(0, 30).Select(i => 2 * (i % 2))]));
        Assert.Throws<InputException>(() => NumberPredictability.Measure(design, new double[30]));
        Assert.Throws<InputException>(() => NumberPredictability.Measure(design, [.. Enumerable.Range(0, 30).Select(i => i == 4 ? double.NaN : i)]));
        Assert.Throws<ArgumentException>(() => NumberPredictability.Measure(design, new double[3]));
        Assert.Throws<InputException>(() => NumberPredictability.Measure(design, [.. Enumerable.Range(0, 30).Select(i => (double)i)], new FoldAssignment(2, 1)));
        Assert.Throws<InputException>(() => NumberPredictability.Measure(design, [.. Enumerable.Range(0, 30).Select(i => (double)i)], new FoldAssignment(5, 10)));
    }
}
