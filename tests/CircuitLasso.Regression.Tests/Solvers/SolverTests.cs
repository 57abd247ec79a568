using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

[Collection("number of threads")]
public sealed class SolverTests
{
    public static TheoryData<int, int, int, double, bool, bool> Grid()
    {
        TheoryData<int, int, int, double, bool, bool> grid = [];
        foreach ((int rows, int blocks, int width) in new[] { (200, 3, 4), (60, 4, 8), (15, 3, 10) })
        {
            foreach (double ratio in new[] { 0.5, 0.1, 0.01 })
            {
                grid.Add(rows, blocks, width, ratio, true, false);
                grid.Add(rows, blocks, width, ratio, false, false);
                grid.Add(rows, blocks, width, ratio, true, true);
            }
        }

        return grid;
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void Fista_and_coordinate_descent_agree_and_their_certificates_hold(int rows, int blocks, int width, double ratio, bool intercept, bool standardize)
    {
        PlantedSystem system = new(rows, blocks, width, 2, 7, mean: 0.5);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order, intercept, standardize);
        L1Penalty penalty = new(ratio * problem.MaximumLambda());
        SolverOptions options = new() { Tolerance = 1e-8, MaximumIterations = 200_000 };
        LassoSolution reference = new FistaSolver().Solve(problem, penalty, options);
        LassoSolution solution = new CoordinateDescentSolver().Solve(problem, penalty, options);
        Assert.True(reference.Converged);
        Assert.True(solution.Converged);
        Assert.Equal(reference.Objective, solution.Objective, 1e-6 * reference.Objective);
        for (int t = 0; t < solution.Certificates.Count; t++)
        {
            Assert.True(solution.Certificates[t].RelativeGap <= 1e-8);
            Assert.Equal(reference.Certificates[t].Primal, solution.Certificates[t].Primal, 1e-6 * reference.Certificates[t].Primal);
        }

        CertificateAudit.AssertCertificatesHold(problem, system.Values, solution);
        CertificateAudit.AssertCertificatesHold(problem, system.Values, reference);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.02)]
    public void Coefficients_satisfy_the_optimality_conditions(double ratio)
    {
        PlantedSystem system = new(150, 4, 5, 2, 11);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order, intercept: false);
        double lambda = ratio * problem.MaximumLambda();
        LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(lambda), new SolverOptions { Tolerance = 1e-13 });
        Assert.True(solution.Converged);
        foreach (int target in problem.Targets)
        {
            double[] residual = Residual(system, solution, target);
            for (int j = 0; j < system.Columns; j++)
            {
                double correlation = 2 * Enumerable.Range(0, system.Rows).Sum(i => system.Values[(i * system.Columns) + j] * residual[i]);
                double weight = solution.Coefficients[j, target];
                bool allowed = system.Order.IsAllowed(system.Order.BlockOf(j), system.Order.BlockOf(target));
                if (weight != 0)
                {
                    Assert.True(allowed);
                    Assert.Equal(lambda * Math.Sign(weight), correlation, 1e-4 * lambda);
                }
                else if (allowed)
                {
                    Assert.True(Math.Abs(correlation) <= lambda * (1 + 1e-4));
                }
            }
        }
    }

    [Fact]
    public void Entries_outside_the_allowed_blocks_are_never_used()
    {
        // The forbidden column is the target itself, with a little noise: no solver could resist it if it were free.
        double[] x = RandomMatrix.Normal(100, 4, 3);
        for (int i = 0; i < 100; i++)
        {
            x[(i * 4) + 2] = x[(i * 4) + 1] + (0.01 * x[(i * 4) + 2]);
        }

        BlockOrder order = new([new("in", 0, 1, 0), new("head 0", 1, 1, 1), new("head 1", 2, 1, 1), new("out", 3, 1, 2, BlockRole.TargetOnly)]);
        using GramStatistics gram = RandomMatrix.Gram(x, 4);
        using BlockProblem problem = new(gram, order);
        L1Penalty penalty = new(1e-3);
        foreach (IBlockSolver solver in new IBlockSolver[] { new FistaSolver(), new CoordinateDescentSolver() })
        {
            LassoSolution solution = solver.Solve(problem, penalty);
            Assert.Equal([1, 2, 3], problem.Targets);
            Assert.Equal(0, solution.Coefficients[2, 1]);
            Assert.Equal(0, solution.Coefficients[1, 2]);
            Assert.NotEqual(0, solution.Coefficients[0, 1]);
            Assert.NotEqual(0, solution.Coefficients[1, 3]);
            Assert.Equal(0, solution.Coefficients.RowsOf(0).Length);
        }
    }

    [Fact]
    public void Results_have_the_same_bytes_for_any_number_of_threads()
    {
        PlantedSystem system = new(700, 5, 12, 3, 2);
        int before = DeterministicParallel.Threads;
        try
        {
            LassoSolution[] solutions = [.. new[] { 1, 2, 5 }.Select(threads =>
            {
                DeterministicParallel.Threads = threads;
                using GramStatistics gram = system.Gram();
                using BlockProblem problem = new(gram, system.Order, standardize: true);
                return LambdaPath.Fit(problem, new LambdaPathOptions { Count = 4 }).Solutions[^1];
            })];
            foreach (LassoSolution solution in solutions)
            {
                Assert.True(solutions[0].Coefficients.Values.SequenceEqual(solution.Coefficients.Values));
                Assert.True(solutions[0].Coefficients.RowIndices.SequenceEqual(solution.Coefficients.RowIndices));
                Assert.Equal(solutions[0].Certificates, solution.Certificates);
            }
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void A_solve_that_runs_out_of_iterations_says_that_it_missed()
    {
        PlantedSystem system = new(30, 3, 20, 2, 5);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        L1Penalty penalty = new(1e-3 * problem.MaximumLambda());
        foreach (IBlockSolver solver in new IBlockSolver[] { new FistaSolver(), new CoordinateDescentSolver() })
        {
            LassoSolution solution = solver.Solve(problem, penalty, new SolverOptions { Tolerance = 1e-12, MaximumIterations = 2 });
            Assert.False(solution.Converged);
            Assert.True(solution.Missed > 0);
            Assert.Contains(solution.Certificates, c => !c.Converged && c.RelativeGap > 1e-12);
            CertificateAudit.AssertCertificatesHold(problem, system.Values, solution);
        }
    }

    [Fact]
    public void A_warm_start_reaches_the_solution_of_a_cold_one()
    {
        PlantedSystem system = new(120, 4, 8, 2, 9);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        double largest = problem.MaximumLambda();
        SolverOptions options = new() { Tolerance = 1e-10, MaximumIterations = 100_000 };
        foreach (IBlockSolver solver in new IBlockSolver[] { new FistaSolver(), new CoordinateDescentSolver() })
        {
            LassoSolution dense = solver.Solve(problem, new L1Penalty(0.01 * largest), options);
            LassoSolution cold = solver.Solve(problem, new L1Penalty(0.2 * largest), options);
            LassoSolution warm = solver.Solve(problem, new L1Penalty(0.2 * largest), options, dense);
            Assert.Equal(cold.Objective, warm.Objective, 1e-8 * cold.Objective);
        }
    }

    [Fact]
    public void From_the_largest_lambda_up_nothing_is_left_and_nothing_is_paid()
    {
        PlantedSystem system = new(100, 3, 4, 1, 3);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(problem.MaximumLambda()));
        Assert.Equal(0, solution.Coefficients.NonZeros);
        Assert.All(solution.Certificates, c => Assert.Equal((0.0, 0, true), (c.Gap, c.Iterations, c.Converged)));
        LassoSolution below = new CoordinateDescentSolver().Solve(problem, new L1Penalty(0.9 * problem.MaximumLambda()));
        Assert.True(below.Coefficients.NonZeros > 0);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_lambda_that_is_not_positive_is_refused_with_a_reason(double lambda)
    {
        InputException exception = Assert.Throws<InputException>(() => new L1Penalty(lambda));
        Assert.Equal("lambda", exception.Subject);
        Assert.Throws<InputException>(() => new L1Penalty([1, lambda]));
    }

    [Fact]
    public void What_a_solver_cannot_do_is_refused_before_it_starts()
    {
        PlantedSystem system = new(20, 2, 2, 1, 1);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        foreach (IBlockSolver solver in new IBlockSolver[] { new FistaSolver(), new CoordinateDescentSolver() })
        {
            Assert.Contains("ridge", Assert.Throws<ArgumentException>(() => solver.Solve(problem, new Ridge())).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => solver.Solve(problem, new L1Penalty([1.0, 2.0, 3.0])));
            Assert.Throws<InputException>(() => solver.Solve(problem, new L1Penalty(1), new SolverOptions { Tolerance = 0 }));
        }
    }

    private static double[] Residual(PlantedSystem system, LassoSolution solution, int target) =>
        [.. Enumerable.Range(0, system.Rows).Select(i => system.Values[(i * system.Columns) + target]
            - Enumerable.Range(0, system.Columns).Sum(j => system.Values[(i * system.Columns) + j] * solution.Coefficients[j, target]))];

    private sealed class Ridge : IPenalty
    {
        public string Name => "ridge";

        public IPenalty Scale(double factor) => this;
    }
}
