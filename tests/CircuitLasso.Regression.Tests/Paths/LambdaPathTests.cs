using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class LambdaPathTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void On_a_planted_system_the_true_edges_enter_first(int seed)
    {
        // Standardised: in raw units an ancestor of large variance may enter before the parent it acts through.
        PlantedSystem system = new(3000, 6, 6, 1, seed);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order, standardize: true);
        LambdaPath path = LambdaPath.Fit(problem, new LambdaPathOptions { Count = 40, Ratio = 0.01 });
        EdgeEntry[] ranked = [.. path.Entries().OrderByDescending(e => e.Lambda)];
        Assert.Equal(15, ranked.Length);
        Assert.True(ranked.Take(system.Edges.Count).Select(e => (e.Source, e.Target)).ToHashSet().SetEquals(system.Edges));
        Assert.True(ranked[system.Edges.Count - 1].Lambda > ranked[system.Edges.Count].Lambda);
        Assert.All(path.Solutions, s => Assert.True(s.Converged));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void With_several_parents_the_true_edges_are_the_strongest_at_the_end_of_the_path(int seed)
    {
        // At a large lambda one block may stand in for two correlated parents; the strengths further down put that right.
        PlantedSystem system = new(3000, 6, 6, 3, seed);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        LambdaPath path = LambdaPath.Fit(problem);
        double[,] norms = system.Order.BlockNorms(path.Solutions[^1].Coefficients);
        EdgeEntry[] ranked = [.. path.Entries().OrderByDescending(e => norms[e.Source, e.Target])];
        Assert.True(ranked.Take(system.Edges.Count).Select(e => (e.Source, e.Target)).ToHashSet().SetEquals(system.Edges));
        Assert.True(norms[ranked[^1].Source, ranked[^1].Target] < 0.2 * norms[ranked[0].Source, ranked[0].Target]);
    }

    [Fact]
    public void The_path_starts_at_nothing_and_its_end_is_the_solution_there()
    {
        PlantedSystem system = new(200, 4, 5, 2, 4);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        LambdaPath path = LambdaPath.Fit(problem, new LambdaPathOptions { Count = 7, Ratio = 0.05 });
        Assert.Equal(7, path.Lambdas.Count);
        Assert.Equal(problem.MaximumLambda(), path.Lambdas[0]);
        Assert.Equal(0.05 * problem.MaximumLambda(), path.Lambdas[^1], 1e-9 * path.Lambdas[0]);
        Assert.Equal(0, path.Solutions[0].Coefficients.NonZeros);
        LassoSolution direct = new CoordinateDescentSolver().Solve(problem, new L1Penalty(path.Lambdas[^1]));
        Assert.Equal(direct.Objective, path.Solutions[^1].Objective, 1e-5 * direct.Objective);
    }

    [Fact]
    public void In_per_target_mode_every_target_has_its_own_largest_lambda()
    {
        PlantedSystem system = new(200, 3, 3, 1, 4);
        double[] x = [.. system.Values];
        for (int i = 0; i < system.Rows; i++)
        {
            x[(i * system.Columns) + 4] *= 1000;
        }

        using GramStatistics plain = system.Gram(), scaled = RandomMatrix.Gram(x, system.Columns);
        using BlockProblem first = new(plain, system.Order), second = new(scaled, system.Order);
        LambdaPathOptions options = new() { Count = 3, Ratio = 0.1, PerTarget = true };
        LassoSolution a = LambdaPath.Fit(first, options).Solutions[^1], b = LambdaPath.Fit(second, options).Solutions[^1];
        Assert.Equal(0.1 * first.MaximumLambda(3), a.Certificates[0].Lambda, 1e-9);
        Assert.Equal(a.Coefficients[0, 4], b.Coefficients[0, 4] / 1000, 1e-4);
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0.0)]
    [InlineData(5, 1.0)]
    [InlineData(5, double.NaN)]
    public void Options_that_describe_no_path_are_refused(int count, double ratio) =>
        Assert.Throws<InputException>(() => new LambdaPathOptions { Count = count, Ratio = ratio }.Shares());

    [Fact]
    public void Sources_that_explain_nothing_give_an_empty_path()
    {
        double[] x = [1, 5, 1, 6, 1, 7];
        using GramStatistics gram = RandomMatrix.Gram(x, 2);
        using BlockProblem problem = new(gram, BlockOrder.DesignAndTargets(1, 1));
        LambdaPath path = LambdaPath.Fit(problem);
        Assert.All(path.Solutions, s => Assert.Equal(0, s.Coefficients.NonZeros));
        Assert.Equal(0, path.Entries()[0].Lambda);
    }
}
