namespace CircuitLasso.Regression.Tests;

public sealed class DegenerateInputTests
{
    private static readonly IBlockSolver[] _solvers = [new FistaSolver(), new CoordinateDescentSolver()];

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_constant_column_explains_nothing_and_needs_no_explanation(bool intercept, bool standardize)
    {
        // Column 1 is constant as a source, column 3 as a target; 0.1 is not exact in binary.
        double[] x = RandomMatrix.Normal(1000, 4, 4);
        for (int i = 0; i < 1000; i++)
        {
            x[(i * 4) + 1] = 0.1;
            x[(i * 4) + 3] = 1e6 / 3;
        }

        Check(x, 2, 2, intercept, standardize, 0.1, (problem, solution) =>
        {
            Assert.Equal(0, solution.Coefficients[1, 2]);
            Assert.Equal(0, solution.Coefficients.RowsOf(3).Length);
            Assert.Equal(0, problem.NullLoss(3));
            Assert.Equal(1e6 / 3, solution.Intercepts.Span[3], 1e-6);
        });
    }

    [Fact]
    public void Duplicate_columns_share_one_explanation()
    {
        double[] x = RandomMatrix.Normal(80, 4, 4);
        for (int i = 0; i < 80; i++)
        {
            x[(i * 4) + 1] = x[i * 4];
            x[(i * 4) + 3] += 2 * x[i * 4];
        }

        Check(x, 3, 1, true, false, 0.1, (_, solution) =>
        {
            // Which of the twins carries the weight is free; their sum and its sign are not.
            double[] single = [.. Enumerable.Range(0, 80).SelectMany(i => new[] { x[i * 4], x[(i * 4) + 2], x[(i * 4) + 3] })];
            using GramStatistics gram = RandomMatrix.Gram(single, 3);
            using BlockProblem alone = new(gram, BlockOrder.DesignAndTargets(2, 1));
            LassoSolution expected = new CoordinateDescentSolver().Solve(alone, new L1Penalty(solution.Certificates[0].Lambda), new SolverOptions { Tolerance = 1e-12 });
            Assert.Equal(expected.Coefficients[0, 2], solution.Coefficients[0, 3] + solution.Coefficients[1, 3], 1e-4);
            Assert.True(solution.Coefficients[0, 3] >= 0 && solution.Coefficients[1, 3] >= 0);
        });
    }

    [Fact]
    public void A_target_of_zeros_has_gap_zero_and_no_coefficients()
    {
        double[] x = RandomMatrix.Normal(30, 3, 4);
        for (int i = 0; i < 30; i++)
        {
            x[(i * 3) + 2] = 0;
        }

        Check(x, 2, 1, true, false, 0.5, (_, solution) =>
        {
            Assert.Equal(0, solution.Coefficients.NonZeros);
            Assert.Equal(0, solution.Certificates[0].RelativeGap);
        });
        Check(x, 2, 1, false, true, 0.5, (_, solution) => Assert.Equal(0, solution.Coefficients.NonZeros));
    }

    [Theory]
    [InlineData(5, 40)]
    [InlineData(2, 7)]
    public void Fewer_rows_than_columns_are_solved(int rows, int columns) =>
        Check(RandomMatrix.Normal(rows, columns + 2, 12), columns, 2, true, false, 0.05, (_, solution) =>
            Assert.All(solution.Certificates, c => Assert.True(c.RelativeGap <= 1e-9)));

    [Fact]
    public void One_sample_is_its_own_mean()
    {
        Check([1.0, 2, 3], 2, 1, true, false, 0.5, (_, solution) =>
        {
            Assert.Equal(0, solution.Coefficients.NonZeros);
            Assert.Equal(3, solution.Intercepts.Span[2]);
        });

        // Without an intercept, the larger column explains the sample: w = S(6, lambda / 2) / 4 with lambda = 6.
        Check([1.0, 2, 3], 2, 1, false, false, 0.5, (_, solution) => Assert.Equal(0.75, solution.Coefficients[1, 2], 1e-4));
    }

    [Fact]
    public void One_feature_is_the_soft_threshold()
    {
        double[] x = RandomMatrix.Normal(50, 2, 1);
        double xy = Enumerable.Range(0, 50).Sum(i => x[2 * i] * x[(2 * i) + 1]), xx = Enumerable.Range(0, 50).Sum(i => x[2 * i] * x[2 * i]);
        Check(x, 1, 1, false, false, 0.25, (_, solution) => Assert.Equal((xy - (0.25 * Math.Abs(xy) * Math.Sign(xy))) / xx, solution.Coefficients[0, 1], 1e-4));
    }

    [Fact]
    public void Collinear_columns_are_solved_to_the_gap()
    {
        // Eight columns of rank two.
        double[] factors = RandomMatrix.Normal(200, 3, 21);
        double[] x = new double[200 * 9];
        for (int i = 0; i < 200; i++)
        {
            for (int j = 0; j < 8; j++)
            {
                x[(i * 9) + j] = (Math.Cos(j) * factors[i * 3]) + (Math.Sin(j) * factors[(i * 3) + 1]);
            }

            x[(i * 9) + 8] = factors[i * 3] - (0.3 * factors[(i * 3) + 1]) + factors[(i * 3) + 2];
        }

        Check(x, 8, 1, true, false, 0.01, (_, solution) => Assert.True(solution.Certificates[0].RelativeGap <= 1e-9));
    }

    private static void Check(double[] x, int sources, int targets, bool intercept, bool standardize, double ratio, Action<BlockProblem, LassoSolution> assert)
    {
        using GramStatistics gram = RandomMatrix.Gram(x, sources + targets);
        using BlockProblem problem = new(gram, BlockOrder.DesignAndTargets(sources, targets), intercept, standardize);
        L1Penalty penalty = new(Math.Max(ratio * problem.MaximumLambda(), 1e-9));
        foreach (IBlockSolver solver in _solvers)
        {
            LassoSolution solution = solver.Solve(problem, penalty, new SolverOptions { Tolerance = 1e-9, MaximumIterations = 500_000 });
            Assert.True(solution.Converged, solver.Name);
            CertificateAudit.AssertCertificatesHold(problem, x, solution);
            assert(problem, solution);
        }
    }
}
