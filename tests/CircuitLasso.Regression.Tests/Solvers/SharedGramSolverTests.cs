using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SharedGramSolverTests
{
    public static TheoryData<int, int, double, double> Grid
    {
        get
        {
            TheoryData<int, int, double, double> data = [];
            foreach ((int rows, int features, double density) in new[] { (1, 3, 1.0), (30, 1, 0.1), (200, 40, 0.05), (300, 120, 1), (60, 150, 0.1), (50, 90, 1), (400, 300, 0.02) })
            {
                foreach (double ratio in new[] { 0.5, 0.1, 0.01 })
                {
                    data.Add(rows, features, density, ratio);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void Every_certificate_holds_in_float64_from_the_numbers_themselves(int rows, int features, double density, double ratio)
    {
        SparseSample sample = new(rows, features, 6, density, rows + features);
        SharedGramSolution solution = SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions { LambdaRatio = ratio });
        Assert.Equal(0, solution.Missed);
        for (int t = 0; t < 6; t++)
        {
            TargetCertificate certificate = solution.Certificates[t];
            (double primal, double gap) = SparseSample.Audit(sample.X, sample.Y, t, j => SparseSample.Weight(solution.Coefficients, j, t), certificate.Lambda);
            Assert.InRange(gap, -1e-12, 1e-4 * (1 + 1e-6));
            Assert.InRange(gap, -1e-12, certificate.RelativeGap + 1e-7);
            Assert.Equal(primal, certificate.Primal, (1e-6 * certificate.NullLoss) + 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void The_float64_solver_finds_the_same(int rows, int features, double density, double ratio)
    {
        SparseSample sample = new(rows, features, 4, density, rows + features + 1);
        double[] all = new double[rows * (features + 4)];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < features + 4; j++)
            {
                all[(i * (features + 4)) + j] = j < features ? sample.X[i, j] : sample.Y[i, j - features];
            }
        }

        using GramStatistics statistics = RandomMatrix.Gram(all, features + 4);
        using BlockProblem problem = new(statistics, BlockOrder.DesignAndTargets(features, 4), intercept: false);
        double lambda = Math.Max(ratio * problem.MaximumLambda(), 1e-9);
        LassoSolution slow = new CoordinateDescentSolver().Solve(problem, new L1Penalty(lambda), new SolverOptions { Tolerance = 1e-11 });
        SharedGramSolution fast = SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions { Lambda = lambda, Tolerance = 1e-6 });
        Assert.Equal(0, fast.Missed);
        for (int t = 0; t < 4; t++)
        {
            double nullLoss = slow.Certificates[t].NullLoss;
            double primal = SparseSample.Audit(sample.X, sample.Y, t, j => SparseSample.Weight(fast.Coefficients, j, t), lambda).Primal;
            Assert.InRange(primal - slow.Certificates[t].Primal, -1e-9 * nullLoss, 1.01e-6 * nullLoss);
            for (int j = 0; j < features && rows > 2 * features; j++)
            {
                Assert.Equal(slow.Coefficients[j, features + t], SparseSample.Weight(fast.Coefficients, j, t), 5e-3);
            }
        }
    }

    [Fact]
    public void Scikit_learn_finds_the_same()
    {
        const int rows = 300, features = 60, targets = 5;
        SparseSample sample = new(rows, features, targets, 0.08, 8);
        SharedGramSolution solution = SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions { LambdaRatio = 0.05, Tolerance = 1e-8 });
        const string program = """
            from sklearn.linear_model import Lasso
            n, p, T = (int(v) for v in a[0])
            X = a[1].reshape(n, p); Y = a[2].reshape(n, T)
            for t in range(T):
                mu = 0.05 * np.abs(X.T @ Y[:, t]).max()
                out(2 * mu); out(Lasso(alpha=mu / n, fit_intercept=False, tol=1e-12, max_iter=1000000).fit(np.asfortranarray(X), Y[:, t]).coef_)
            """;
        double[] expected = ScikitLearn.Run(program, [rows, features, targets], [.. sample.X.Cast<float>().Select(v => (double)v)], [.. sample.Y.Cast<float>().Select(v => (double)v)]);
        for (int t = 0, at = 0; t < targets; t++)
        {
            Assert.Equal(expected[at], solution.Certificates[t].Lambda, 1e-12 * expected[at]);
            at++;
            for (int j = 0; j < features; j++)
            {
                Assert.Equal(expected[at++], SparseSample.Weight(solution.Coefficients, j, t), 2e-3);
            }
        }
    }

    [Fact]
    public void Constant_duplicate_and_zero_columns_have_a_plain_answer()
    {
        SparseSample sample = new(120, 30, 5, 0.1, 12);
        for (int i = 0; i < 120; i++)
        {
            sample.X[i, 3] = 2;
            sample.X[i, 4] = sample.X[i, 5] = sample.X[i, 1];
            sample.X[i, 6] = 0;
            sample.Y[i, 2] = 0;
            sample.Y[i, 3] = 7;
        }

        SharedGramSolution solution = SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions { LambdaRatio = 0.01 });
        Assert.Equal(0, solution.Missed);
        for (int t = 0; t < 5; t++)
        {
            Assert.Equal(0, SparseSample.Weight(solution.Coefficients, 6, t));
            double gap = SparseSample.Audit(sample.X, sample.Y, t, j => SparseSample.Weight(solution.Coefficients, j, t), solution.Certificates[t].Lambda).Gap;
            Assert.InRange(gap, -1e-12, 1.0001e-4);
        }

        Assert.Equal(0, solution.Coefficients.RowsOf(2).Length);
        Assert.Equal((0.0, true), (solution.Certificates[2].RelativeGap, solution.Certificates[2].Converged));
        Assert.Equal([3], solution.Coefficients.RowsOf(3));
    }

    [Fact]
    public void One_feature_is_the_soft_threshold()
    {
        float[,] x = { { 1 }, { 2 }, { -1 } }, y = { { 2 }, { 3 }, { 1 } };
        SharedGramSolution solution = SparseSample.Solve(x, y, new SharedGramOptions { Lambda = 2, Tolerance = 1e-12 });
        Assert.Equal((7 - 1) / 6.0, SparseSample.Weight(solution.Coefficients, 0, 0), 1e-12);
    }

    [Fact]
    public void A_lambda_that_leaves_a_target_empty_costs_no_pass()
    {
        SparseSample sample = new(50, 20, 3, 0.2, 3);
        SharedGramSolution solution = SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions { LambdaRatio = 1 });
        Assert.Equal(0, solution.Coefficients.EntryCount);
        Assert.All(solution.Certificates, certificate => Assert.Equal((0, true, 0.0), (certificate.Iterations, certificate.Converged, certificate.Gap)));
    }

    [Fact]
    public void A_gap_out_of_reach_is_reported_as_missed()
    {
        SparseSample sample = new(200, 80, 3, 1, 5);
        SharedGramSolution solution = SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions { LambdaRatio = 0.01, MaximumIterations = 1 });
        Assert.Equal(3, solution.Missed);
        Assert.All(solution.Certificates, certificate => Assert.True(certificate.RelativeGap > 1e-4));
    }

    [Fact]
    public void The_number_of_threads_changes_no_byte()
    {
        SparseSample sample = new(300, 150, 60, 0.05, 4);
        int before = DeterministicParallel.Threads;
        List<CompressedColumns<double>> results = [];
        try
        {
            foreach (int threads in new[] { 1, 2, 7 })
            {
                DeterministicParallel.Threads = threads;
                results.Add(SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions { LambdaRatio = 0.02 }).Coefficients);
            }
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }

        foreach (CompressedColumns<double> result in results)
        {
            Assert.Equal(results[0].RowIndices, result.RowIndices);
            Assert.Equal(results[0].Values, result.Values);
        }
    }

    [Theory]
    [InlineData(0, 1e-4, "lambda")]
    [InlineData(-1, 1e-4, "lambda")]
    [InlineData(double.NaN, 1e-4, "lambda")]
    [InlineData(1, 0, "tolerance")]
    public void Numbers_that_are_not_positive_are_refused(double lambda, double tolerance, string subject)
    {
        SparseSample sample = new(10, 3, 1, 1, 1);
        SharedGramOptions options = new() { Lambda = lambda, Tolerance = tolerance };
        Assert.Equal(subject, Assert.Throws<InputException>(() => SparseSample.Solve(sample.X, sample.Y, options)).Subject);
    }

    [Fact]
    public void Matrices_that_do_not_fit_are_refused()
    {
        SparseSample sample = new(10, 3, 1, 1, 1);
        Assert.Throws<ArgumentException>(() => SparseSample.Solve(sample.X, new float[9, 1], new SharedGramOptions { Lambda = 1 }));
        Assert.Throws<ArgumentException>(() => SparseSample.Solve(sample.X, sample.Y, new SharedGramOptions()));
    }
}
