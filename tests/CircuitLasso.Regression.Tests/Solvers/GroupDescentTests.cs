using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

[Collection("number of threads")]
public sealed class GroupDescentTests
{
    private static readonly SolverOptions _tight = new() { Tolerance = 1e-10, MaximumIterations = 100_000 };

    [Theory]
    [InlineData(40, 3, 1)]
    [InlineData(60, 8, 3)]
    [InlineData(25, 12, 5)]
    [InlineData(10, 20, 2)]
    public void Coefficients_equal_those_of_scikit_learns_row_group_lasso(int rows, int features, int tasks)
    {
        // Row groups over several tasks are one group Lasso: vec(Y) on the Kronecker product of X and I.
        double[] x = RandomMatrix.Correlated(rows, features, rows, share: 0.7), y = RandomMatrix.Normal(rows, tasks, rows + 1);
        for (int i = 0; i < rows; i++)
        {
            for (int t = 0; t < tasks; t++)
            {
                y[(i * tasks) + t] += x[i * features] - ((t + 1) * 0.5 * x[(i * features) + 2]);
            }
        }

        int columns = features * tasks;
        double[] stacked = new double[rows * tasks * (columns + 1)];
        for (int i = 0; i < rows; i++)
        {
            for (int t = 0; t < tasks; t++)
            {
                Span<double> row = stacked.AsSpan(((i * tasks) + t) * (columns + 1), columns + 1);
                for (int j = 0; j < features; j++)
                {
                    row[(j * tasks) + t] = x[(i * features) + j];
                }

                row[columns] = y[(i * tasks) + t];
            }
        }

        using GramStatistics gram = RandomMatrix.Gram(stacked, columns + 1);
        using BlockProblem problem = new(gram, BlockOrder.DesignAndTargets(columns, 1), intercept: false);
        ColumnGroups groups = new(Enumerable.Range(0, features).Select(j => Enumerable.Range(j * tasks, tasks)), Enumerable.Repeat(1.0, features));
        double[] lambdas = [.. new[] { 0.8, 0.3, 0.05 }.Select(ratio => ratio * groups.MaximumLambda(problem))];
        const string program = """
            from sklearn.linear_model import MultiTaskLasso
            n, tasks = int(a[0][0]), int(a[0][1])
            X, Y = a[1].reshape(n, -1), a[2].reshape(n, tasks)
            for lam in a[3]:
                out(MultiTaskLasso(alpha=lam / (2 * n), fit_intercept=False, tol=1e-12, max_iter=1000000).fit(X, Y).coef_.T)
            """;
        double[] expected = ScikitLearn.Run(program, [rows, tasks], x, y, lambdas);
        for (int k = 0; k < lambdas.Length; k++)
        {
            LassoSolution solution = new GroupDescentSolver().Solve(problem, new GroupL1Penalty(lambdas[k], groups), new SolverOptions { Tolerance = 1e-13 });
            Assert.True(solution.Converged);
            for (int j = 0; j < columns; j++)
            {
                Assert.Equal(expected[(k * columns) + j], solution.Coefficients[j, columns], 1e-6);
            }
        }
    }

    public static TheoryData<int, int, int, int, double, bool, bool> Grid()
    {
        TheoryData<int, int, int, int, double, bool, bool> grid = [];
        foreach ((int rows, int blocks, int width, int size) in new[] { (200, 3, 4, 2), (60, 4, 6, 3), (30, 3, 8, 8), (12, 3, 6, 3) })
        {
            foreach (double ratio in new[] { 0.5, 0.1, 0.02 })
            {
                grid.Add(rows, blocks, width, size, ratio, true, false);
                grid.Add(rows, blocks, width, size, ratio, false, false);
                grid.Add(rows, blocks, width, size, ratio, true, true);
            }
        }

        return grid;
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void The_minimum_is_that_of_proximal_gradient_on_the_rows_and_the_gap_holds(int rows, int blocks, int width, int size, double ratio, bool intercept, bool standardize)
    {
        PlantedSystem system = new(rows, blocks, width, 2, 7, mean: 0.5);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order, intercept, standardize);
        ColumnGroups groups = ColumnGroups.Neighbours(system.Columns, size);
        double lambda = ratio * groups.MaximumLambda(problem);
        LassoSolution solution = new GroupDescentSolver().Solve(problem, new GroupL1Penalty(lambda, groups), _tight);
        Assert.True(solution.Converged);
        AssertAudited(problem, system.Values, groups, solution, 1e-10);
        foreach (TargetCertificate certificate in solution.Certificates.Where((_, t) => t % 9 == 0))
        {
            GroupTwin twin = new(problem, system.Values, groups, certificate.Column);
            Assert.Equal(twin.Audit(twin.Fista(lambda, 1500), lambda).Primal, certificate.Primal, 1e-5 * certificate.NullLoss);
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.05)]
    public void Groups_of_one_column_are_the_lasso(double ratio)
    {
        PlantedSystem system = new(80, 4, 6, 2, 3, mean: 1);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order, standardize: true);
        double lambda = ratio * problem.MaximumLambda();
        ColumnGroups groups = ColumnGroups.Neighbours(system.Columns, 1);
        Assert.Equal(problem.MaximumLambda(), groups.MaximumLambda(problem));
        LassoSolution expected = new CoordinateDescentSolver().Solve(problem, new L1Penalty(lambda), _tight);
        LassoSolution solution = new GroupDescentSolver().Solve(problem, new GroupL1Penalty(lambda, groups), _tight);
        CertificateAudit.AssertCertificatesHold(problem, system.Values, solution);
        Assert.True(expected.Coefficients.RowIndices.SequenceEqual(solution.Coefficients.RowIndices));
        for (int i = 0; i < expected.Coefficients.NonZeros; i++)
        {
            Assert.Equal(expected.Coefficients.Values[i], solution.Coefficients.Values[i], 1e-6);
        }
    }

    [Fact]
    public void Groups_enter_as_a_whole_each_at_its_own_largest_lambda()
    {
        PlantedSystem system = new(100, 2, 6, 1, 3);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        ColumnGroups groups = ColumnGroups.Neighbours(12, 3);
        double largest = groups.MaximumLambda(problem);
        GroupDescentSolver solver = new();
        LassoSolution nothing = solver.Solve(problem, new GroupL1Penalty(largest, groups));
        Assert.Equal(0, nothing.Coefficients.NonZeros);
        Assert.All(nothing.Certificates, c => Assert.Equal((0.0, 0, true), (c.Gap, c.Iterations, c.Converged)));
        LassoSolution one = solver.Solve(problem, new GroupL1Penalty(0.999 * largest, groups), _tight);
        Assert.Equal(3, one.Coefficients.NonZeros);
        LassoSolution some = solver.Solve(problem, new GroupL1Penalty(0.2 * largest, groups), _tight);
        foreach (int target in problem.Targets)
        {
            Assert.All([0, 1], g => Assert.Contains(some.Coefficients.RowsOf(target).ToArray().Count(row => row / 3 == g), new[] { 0, 3 }));
        }
    }

    [Fact]
    public void Weights_change_which_group_is_dear_and_the_gap_still_holds()
    {
        PlantedSystem system = new(100, 3, 4, 2, 5);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        int[][] columns = [[3, 0], [1], [2], [4, 5, 6, 7], [8, 9], [10, 11]];
        ColumnGroups plain = new(columns), dear = new(columns, [1000, 1, 1, 2, 1, 1]);
        Assert.Equal([Math.Sqrt(2), 1, 1, 2, Math.Sqrt(2), Math.Sqrt(2)], Enumerable.Range(0, 6).Select(plain.Weight));
        foreach (ColumnGroups groups in new[] { plain, dear })
        {
            LassoSolution solution = new GroupDescentSolver().Solve(problem, new GroupL1Penalty(0.02 * plain.MaximumLambda(problem), groups), _tight);
            AssertAudited(problem, system.Values, groups, solution, 1e-10);
            Assert.Equal(groups == plain, problem.Targets.Any(t => solution.Coefficients[0, t] != 0 && solution.Coefficients[3, t] != 0));
        }
    }

    [Fact]
    public void Constant_duplicate_and_dependent_columns_in_a_group_are_solved_to_the_gap()
    {
        // Column 1 is constant, 2 repeats 0, 5 is 3 + 4; column 6 and 7 are constant, a group without variation.
        double[] x = RandomMatrix.Normal(60, 10, 8);
        for (int i = 0; i < 60; i++)
        {
            Span<double> row = x.AsSpan(i * 10, 10);
            (row[1], row[2], row[5], row[6], row[7]) = (0.1, row[0], row[3] + row[4], 2, 1e6 / 3);
            row[8] += row[0] + row[3] - (2 * row[4]);
            row[9] = 7;
        }

        using GramStatistics gram = RandomMatrix.Gram(x, 10);
        foreach (bool standardize in new[] { false, true })
        {
            using BlockProblem problem = new(gram, BlockOrder.DesignAndTargets(8, 2), standardize: standardize);
            ColumnGroups groups = new([[0, 1, 2], [3, 4, 5], [6, 7]]);
            LassoSolution solution = new GroupDescentSolver().Solve(problem, new GroupL1Penalty(0.05 * groups.MaximumLambda(problem), groups), _tight);
            Assert.True(solution.Converged);
            AssertAudited(problem, x, groups, solution, 1e-10);
            Assert.All([1, 6, 7], j => Assert.Equal(0, solution.Coefficients[j, 8]));
            Assert.Equal(solution.Coefficients[0, 8], solution.Coefficients[2, 8], 1e-9);
            Assert.NotEqual(0, solution.Coefficients[5, 8]);
            Assert.Equal(0, solution.Coefficients.RowsOf(9).Length);
            Assert.Equal(0, solution.Certificates[1].RelativeGap);
        }
    }

    [Fact]
    public void A_warm_start_reaches_the_solution_of_a_cold_one_and_a_finished_one_is_kept()
    {
        PlantedSystem system = new(120, 4, 8, 2, 9);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        ColumnGroups groups = ColumnGroups.Neighbours(system.Columns, 4);
        GroupL1Penalty penalty = new(0.2 * groups.MaximumLambda(problem), groups);
        GroupDescentSolver solver = new();
        LassoSolution dense = solver.Solve(problem, penalty.Scale(0.05), _tight), cold = solver.Solve(problem, penalty, _tight);
        Assert.Equal(cold.Objective, solver.Solve(problem, penalty, _tight, dense).Objective, 1e-8 * cold.Objective);
        LassoSolution kept = solver.Solve(problem, penalty, _tight with { Tolerance = 1e-8 }, cold);
        Assert.All(kept.Certificates, c => Assert.Equal(0, c.Iterations));
        Assert.True(cold.Coefficients.Values.SequenceEqual(kept.Coefficients.Values));
    }

    [Fact]
    public void Results_have_the_same_bytes_for_any_number_of_threads()
    {
        PlantedSystem system = new(200, 5, 12, 3, 2);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        ColumnGroups groups = ColumnGroups.Neighbours(system.Columns, 3);
        int before = DeterministicParallel.Threads;
        try
        {
            LassoSolution[] solutions = [.. new[] { 1, 2, 5 }.Select(threads =>
            {
                DeterministicParallel.Threads = threads;
                return new GroupDescentSolver().Solve(problem, new GroupL1Penalty(0.05 * groups.MaximumLambda(problem), groups));
            })];
            Assert.All(solutions, solution =>
            {
                Assert.True(solutions[0].Coefficients.Values.SequenceEqual(solution.Coefficients.Values));
                Assert.Equal(solutions[0].Certificates, solution.Certificates);
            });
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void A_solve_that_runs_out_of_passes_says_that_it_missed()
    {
        PlantedSystem system = new(30, 3, 20, 2, 5);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        ColumnGroups groups = ColumnGroups.Neighbours(system.Columns, 4);
        LassoSolution solution = new GroupDescentSolver().Solve(
            problem, new GroupL1Penalty(1e-3 * groups.MaximumLambda(problem), groups), new SolverOptions { Tolerance = 1e-12, MaximumIterations = 2 });
        Assert.True(solution.Missed > 0);
        AssertAudited(problem, system.Values, groups, solution, double.PositiveInfinity);
    }

    [Fact]
    public void Groups_that_make_no_sense_are_refused_with_a_reason()
    {
        Assert.Contains("group 1 has no columns", Assert.Throws<ArgumentException>(() => new ColumnGroups([[0], []])).Message, StringComparison.Ordinal);
        Assert.Contains("two groups", Assert.Throws<ArgumentException>(() => new ColumnGroups([[0, 1], [1]])).Message, StringComparison.Ordinal);
        Assert.Contains("negative", Assert.Throws<ArgumentException>(() => new ColumnGroups([[-1]])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ColumnGroups([[0], [1]], [1.0]));
        Assert.Throws<ArgumentException>(() => new ColumnGroups([[0]], [0.0]));
        Assert.Throws<ArgumentException>(() => ColumnGroups.Neighbours(10, 3));
        PlantedSystem system = new(20, 3, 2, 1, 1);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        GroupDescentSolver solver = new();
        string Refused(params int[][] groups) => Assert.Throws<ArgumentException>(() => solver.Solve(problem, new GroupL1Penalty(1, new ColumnGroups(groups)))).Message;
        Assert.Contains("part of group 1", Refused([0], [1, 2], [3, 4, 5]), StringComparison.Ordinal);
        Assert.Contains("column 3 may explain", Refused([0, 1], [2]), StringComparison.Ordinal);
        Assert.Contains("column 9 of 6", Refused([0, 1], [2, 3], [9]), StringComparison.Ordinal);
        GroupL1Penalty penalty = new(1, ColumnGroups.Neighbours(6, 2));
        Assert.Contains("group l1", Assert.Throws<ArgumentException>(() => new CoordinateDescentSolver().Solve(problem, penalty)).Message, StringComparison.Ordinal);
        Assert.Contains("l1", Assert.Throws<ArgumentException>(() => solver.Solve(problem, new L1Penalty(1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => solver.Solve(problem, new GroupL1Penalty([1.0, 2.0, 3.0], penalty.Groups)));
        Assert.Throws<InputException>(() => new GroupL1Penalty(0, penalty.Groups));
    }

    /// <summary>Recomputes each certificate from the rows.</summary>
    private static void AssertAudited(BlockProblem problem, double[] rows, ColumnGroups groups, LassoSolution solution, double tolerance)
    {
        foreach (TargetCertificate certificate in solution.Certificates)
        {
            GroupTwin twin = new(problem, rows, groups, certificate.Column);
            double[] w = [.. twin.Used.Select(j => solution.Coefficients[j, certificate.Column] * problem.Scales[j] / problem.Scales[certificate.Column])];
            Assert.Equal(solution.Coefficients.RowsOf(certificate.Column).Length, w.Count(value => value != 0));
            (double primal, double gap) = twin.Audit(w, certificate.Lambda);
            Assert.Equal(twin.NullLoss, certificate.NullLoss, (1e-9 * twin.NullLoss) + 1e-12);
            Assert.Equal(primal, certificate.Primal, (1e-9 * twin.NullLoss) + 1e-12);
            Assert.Equal(gap, certificate.Gap, (1e-6 * twin.NullLoss) + 1e-12);
            Assert.True(gap <= (tolerance * twin.NullLoss) + (1e-9 * twin.NullLoss), $"the gap of column {certificate.Column} is {gap / twin.NullLoss}");
        }
    }
}
