namespace CircuitLasso.Regression.Tests;

public sealed class BlockProblemTests
{
    [Fact]
    public void Blocks_that_overlap_leave_gaps_or_share_a_name_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new BlockOrder([new("a", 0, 2, 0), new("b", 1, 2, 1)]));
        Assert.Throws<ArgumentException>(() => new BlockOrder([new("a", 0, 2, 0), new("b", 3, 2, 1)]));
        Assert.Throws<ArgumentException>(() => new BlockOrder([new("a", 0, 2, 0), new("a", 2, 2, 1)]));
        Assert.Throws<ArgumentException>(() => new BlockOrder([new("a", 0, 0, 0)]));
        Assert.Throws<ArgumentException>(() => new BlockOrder([]));
    }

    [Fact]
    public void A_problem_without_a_target_or_of_another_width_is_refused()
    {
        using GramStatistics gram = RandomMatrix.Gram(RandomMatrix.Normal(10, 3, 1), 3);
        Assert.Throws<ArgumentException>(() => new BlockProblem(gram, new BlockOrder([new("a", 0, 3, 0)])));
        Assert.Throws<ArgumentException>(() => new BlockProblem(gram, BlockOrder.DesignAndTargets(3, 1)));
    }

    [Fact]
    public void Places_decide_who_may_explain_whom_in_any_order_of_columns()
    {
        BlockOrder order = new([new("late", 0, 2, 5), new("early", 2, 2, 1, BlockRole.SourceOnly), new("twin", 4, 1, 5), new("y", 5, 1, 9, BlockRole.TargetOnly)]);
        Assert.True(order.IsAllowed(1, 0));
        Assert.False(order.IsAllowed(0, 1));
        Assert.False(order.IsAllowed(0, 2));
        Assert.True(order.IsAllowed(2, 3));
        Assert.False(order.IsTarget(1));
        Assert.Equal(2, order.BlockOf(4));
        double[] x = RandomMatrix.Normal(60, 6, 2);
        using GramStatistics gram = RandomMatrix.Gram(x, 6);
        using BlockProblem problem = new(gram, order);
        Assert.Equal([0, 1, 4, 5], problem.Targets);
        LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(1e-6 * problem.MaximumLambda()), new SolverOptions { Tolerance = 1e-9 });
        Assert.Equal([2, 3], solution.Coefficients.RowsOf(0).ToArray());
        Assert.Equal([0, 1, 2, 3, 4], solution.Coefficients.RowsOf(5).ToArray());
        CertificateAudit.AssertCertificatesHold(problem, x, solution);
    }

    [Fact]
    public void Undone_standardisation_equals_standardising_by_hand()
    {
        PlantedSystem system = new(250, 3, 4, 2, 8, mean: 2);
        double[] x = [.. system.Values.Select((v, i) => v * (1 + (i % system.Columns)))];
        double[] standard = [.. x];
        double[] means = new double[system.Columns], scales = new double[system.Columns];
        for (int j = 0; j < system.Columns; j++)
        {
            means[j] = Enumerable.Range(0, 250).Average(i => x[(i * system.Columns) + j]);
            scales[j] = Math.Sqrt(Enumerable.Range(0, 250).Average(i => Math.Pow(x[(i * system.Columns) + j] - means[j], 2)));
            for (int i = 0; i < 250; i++)
            {
                standard[(i * system.Columns) + j] = (x[(i * system.Columns) + j] - means[j]) / scales[j];
            }
        }

        using GramStatistics gram = RandomMatrix.Gram(x, system.Columns), byHand = RandomMatrix.Gram(standard, system.Columns);
        using BlockProblem problem = new(gram, system.Order, standardize: true), manual = new(byHand, system.Order, intercept: false);
        L1Penalty penalty = new(25);
        SolverOptions options = new() { Tolerance = 1e-13 };
        LassoSolution solution = new CoordinateDescentSolver().Solve(problem, penalty, options), expected = new CoordinateDescentSolver().Solve(manual, penalty, options);
        Assert.True(expected.Coefficients.NonZeros > 4);
        foreach (int t in problem.Targets)
        {
            double intercept = means[t];
            for (int j = 0; j < system.Columns; j++)
            {
                double weight = expected.Coefficients[j, t] * scales[t] / scales[j];
                intercept -= weight * means[j];
                Assert.Equal(weight, solution.Coefficients[j, t], 1e-8);
            }

            Assert.Equal(intercept, solution.Intercepts.Span[t], 1e-7);
        }
    }
}
