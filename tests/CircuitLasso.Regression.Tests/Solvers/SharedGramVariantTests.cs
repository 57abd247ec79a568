using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SharedGramVariantTests
{
    private const double Tolerance = 1e-7;

    public static TheoryData<int, int, double> Shapes => new() { { 200, 40, 0.05 }, { 150, 60, 1 }, { 60, 90, 0.1 }, { 40, 70, 1 } };

    public static TheoryData<int, int, double, bool, bool, bool> Variants
    {
        get
        {
            TheoryData<int, int, double, bool, bool, bool> data = [];
            foreach ((int rows, int features, double density) in Shapes.Select(row => row.Data))
            {
                for (int bits = 0; bits < 8; bits++)
                {
                    data.Add(rows, features, density, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Intercepts_signs_and_factors_give_what_slow_descent_on_the_rows_gives(int rows, int features, double density, bool centred, bool nonNegative, bool weighted)
    {
        SparseSample sample = new(rows, features, 4, density, rows + features);
        double[]? factors = weighted ? [.. Enumerable.Range(0, features).Select(j => 0.3 + (j % 5))] : null;
        SharedGramOptions options = new() { LambdaRatio = 0.08, Tolerance = Tolerance, NonNegative = nonNegative, PenaltyFactors = factors ?? [] };
        SharedGramSolution fast = Solve(sample, options, centred, withGram: true);
        Assert.Equal(0, fast.Missed);
        for (int t = 0; t < 4; t++)
        {
            double lambda = fast.Certificates[t].Lambda;
            (double[] slow, double least, double nullLoss) = SlowLasso.Solve(sample.X, sample.Y, t, lambda, centred, nonNegative, factors);
            double found = SlowLasso.Objective(sample.X, sample.Y, t, j => SparseSample.Weight(fast.Coefficients, j, t), lambda, centred, factors);
            Assert.InRange(found - least, -1e-9 * nullLoss, (Tolerance + 1e-9) * nullLoss);
            Assert.Equal(found, fast.Certificates[t].Primal, 1e-6 * nullLoss);
            Assert.InRange(fast.Certificates[t].Dual, -1e-9, least + (1e-9 * nullLoss));
            Assert.All(fast.Coefficients.ValuesOf(t).ToArray(), weight => Assert.True(!nonNegative || weight > 0));
            Assert.Contains(slow, weight => weight != 0);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Lambda_of_a_ratio_is_the_share_of_the_smallest_that_leaves_the_target_empty(int rows, int features, double density)
    {
        SparseSample sample = new(rows, features, 3, density, 7);
        double[] factors = [.. Enumerable.Range(0, features).Select(j => 1 + (j % 3))];
        foreach ((double ratio, bool isEmpty) in new[] { (1.0, true), (0.999, false) })
        {
            SharedGramSolution solution = Solve(sample, new SharedGramOptions { LambdaRatio = ratio, PenaltyFactors = factors, NonNegative = true }, centred: true, withGram: true);
            for (int t = 0; t < 3; t++)
            {
                (double[] slow, _, _) = SlowLasso.Solve(sample.X, sample.Y, t, solution.Certificates[t].Lambda * (isEmpty ? 1 + 1e-9 : 1), true, true, factors);
                Assert.Equal(isEmpty, slow.All(weight => weight == 0));
            }
        }
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(1)]
    public void Without_a_Gram_matrix_the_answer_holds_whatever_may_be_kept_of_it(double density)
    {
        SparseSample sample = new(150, 90, 5, density, 17);
        SharedGramOptions options = new() { LambdaRatio = 0.03, Tolerance = Tolerance };
        foreach (bool centred in new[] { false, true })
        {
            SharedGramSolution with = Solve(sample, options, centred, withGram: true);
            foreach (long bytes in new[] { 0L, 3000L, 20_000L, 1L << 30 })
            {
                SharedGramSolution without = Solve(sample, options with { ColumnBytes = bytes }, centred, withGram: false);
                Assert.Equal(0, without.Missed);
                for (int t = 0; t < 5; t++)
                {
                    double lambda = with.Certificates[t].Lambda, nullLoss = with.Certificates[t].NullLoss;
                    double found = SlowLasso.Objective(sample.X, sample.Y, t, j => SparseSample.Weight(without.Coefficients, j, t), lambda, centred);
                    Assert.InRange(found - SlowLasso.Solve(sample.X, sample.Y, t, lambda, centred).Objective, -1e-9 * nullLoss, (Tolerance + 1e-9) * nullLoss);
                }
            }
        }
    }

    [Fact]
    public void Columns_of_a_sparse_design_computed_on_demand_change_no_byte_however_few_are_kept()
    {
        SparseSample sample = new(400, 120, 8, 0.05, 18);
        SharedGramOptions options = new() { LambdaRatio = 0.03 };
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X));
        long all = design.EstimateGramBytes();
        SharedGramSolution whole = Solve(sample, options, centred: false, withGram: true);
        foreach (long bytes in new[] { all / 7, all / 2, 2 * all })
        {
            SharedGramSolution some = Solve(sample, options with { ColumnBytes = bytes }, centred: false, withGram: false);
            Assert.Equal(whole.Coefficients.RowIndices, some.Coefficients.RowIndices);
            Assert.Equal(whole.Coefficients.Values, some.Coefficients.Values);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_path_holds_at_every_lambda_and_ends_where_one_solve_ends(bool uniform)
    {
        SparseSample sample = new(250, 80, 3, 0.08, 21);
        SharedGramOptions end = new() { LambdaRatio = uniform ? null : 0.05, Lambda = uniform ? 3.0 : null, Tolerance = Tolerance };
        SharedGramSolution path = Solve(sample, end with { PathLength = 8 }, centred: false, withGram: true), one = Solve(sample, end, centred: false, withGram: true);
        Assert.Equal(0, path.Missed);
        Assert.Equal(8 * 3, path.Coefficients.ColumnCount);
        Assert.Equal(0, path.Coefficients.ColumnStarts[3]);
        for (int t = 0; t < 3; t++)
        {
            for (int k = 0; k < 8; k++)
            {
                TargetCertificate certificate = path.Certificates[(3 * k) + t];
                Assert.Equal(t, certificate.Column);
                double expected = path.Certificates[t].Lambda * Math.Pow(one.Certificates[t].Lambda / path.Certificates[t].Lambda, k / 7.0);
                Assert.Equal(expected, certificate.Lambda, 1e-12 * expected);
                double found = SlowLasso.Objective(sample.X, sample.Y, t, j => SparseSample.Weight(path.Coefficients, j, (3 * k) + t), certificate.Lambda);
                (_, double least, double nullLoss) = SlowLasso.Solve(sample.X, sample.Y, t, certificate.Lambda);
                Assert.InRange(found - least, -1e-9 * nullLoss, (Tolerance + 1e-9) * nullLoss);
            }

            Assert.Equal(uniform ? path.Certificates[0].Lambda : 20 * one.Certificates[t].Lambda, path.Certificates[t].Lambda, 1e-9 * path.Certificates[t].Lambda);
        }
    }

    [Theory]
    [InlineData(0.05, false)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    public void Blocks_in_computation_order_give_what_the_float64_solver_gives(double density, bool centred)
    {
        SparseSample sample = new(200, 60, 1, density, 31);
        BlockOrder order = new([new("a", 0, 20, 0), new("b", 20, 25, 1), new("c", 45, 5, 1), new("d", 50, 10, 2)]);
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X), centred: centred);
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        SharedGramOptions options = new() { Lambda = 2, Tolerance = Tolerance };
        SharedGramSolution fast = SharedGramSolver.SolveBlocks(design, gram, order, options, cancellationToken: TestContext.Current.CancellationToken);
        using GramStatistics statistics = RandomMatrix.Gram([.. sample.X.Cast<float>().Select(value => (double)value)], 60);
        using BlockProblem problem = new(statistics, order, intercept: centred);
        LassoSolution slow = new CoordinateDescentSolver().Solve(problem, new L1Penalty(2), new SolverOptions { Tolerance = 1e-11 });
        Assert.Equal(0, fast.Missed);
        Assert.Equal(60, fast.Certificates.Count);
        foreach (TargetCertificate expected in slow.Certificates)
        {
            TargetCertificate found = fast.Certificates[expected.Column];
            Assert.InRange(found.Primal - expected.Primal, -1e-6 * expected.NullLoss, 1e-6 * expected.NullLoss);
            foreach (int source in fast.Coefficients.RowsOf(expected.Column))
            {
                Assert.True(order.IsAllowed(order.BlockOf(source), order.BlockOf(expected.Column)));
            }
        }

        Assert.Equal(0, fast.Coefficients.ColumnStarts[20]);
        Assert.NotEqual(0, fast.Coefficients.EntryCount);
    }

    [Fact]
    public void The_number_of_threads_changes_no_byte_of_a_path_on_demand()
    {
        SparseSample sample = new(300, 100, 40, 0.06, 4);
        int before = DeterministicParallel.Threads;
        List<CompressedColumns<double>> results = [];
        try
        {
            foreach (int threads in new[] { 1, 2, 5 })
            {
                DeterministicParallel.Threads = threads;
                SharedGramOptions options = new() { LambdaRatio = 0.02, PathLength = 5 };
                results.Add(Solve(sample, options with { ColumnBytes = 0 }, centred: true, withGram: false).Coefficients);
                results.Add(Solve(sample, options with { ColumnBytes = 30_000 }, centred: true, withGram: false).Coefficients);
            }
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }

        for (int i = 2; i < results.Count; i++)
        {
            Assert.Equal(results[i % 2].RowIndices, results[i].RowIndices);
            Assert.Equal(results[i % 2].Values, results[i].Values);
        }
    }

    [Fact]
    public void Factors_that_are_not_positive_or_too_few_are_refused()
    {
        SparseSample sample = new(10, 3, 1, 1, 1);
        SharedGramOptions options = new() { Lambda = 1, PenaltyFactors = [1, 0, 1] };
        Assert.Contains("column 1", Assert.Throws<InputException>(() => Solve(sample, options, false, true)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Solve(sample, options with { PenaltyFactors = [1.0] }, false, true));
        Assert.Throws<InputException>(() => Solve(sample, new SharedGramOptions { LambdaRatio = 1, PathLength = 3 }, false, true));
    }

    private static SharedGramSolution Solve(SparseSample sample, SharedGramOptions options, bool centred, bool withGram)
    {
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X), centred: centred);
        using SharedGram? gram = withGram ? design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken) : null;
        return SharedGramSolver.Solve(design, gram, SparseSample.Compress(sample.Y), options, cancellationToken: TestContext.Current.CancellationToken);
    }
}
