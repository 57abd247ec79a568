using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

[Collection("number of threads")]
public sealed class FistaRestartTests
{
    private static readonly SolverOptions _options = new() { Tolerance = 1e-9, MaximumIterations = 200_000 };

    [Theory]
    [InlineData(200, 3, 4, 0.5, true)]
    [InlineData(200, 3, 4, 0.01, false)]
    [InlineData(60, 4, 8, 0.1, false)]
    [InlineData(15, 3, 10, 0.05, true)]
    public void Restarts_lead_to_the_solution_of_coordinate_descent_with_a_certificate_that_holds(int rows, int blocks, int width, double ratio, bool standardize)
    {
        PlantedSystem system = new(rows, blocks, width, 2, 7, mean: 0.5);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order, standardize: standardize);
        L1Penalty penalty = new(ratio * problem.MaximumLambda());
        LassoSolution solution = new FistaSolver(new FistaOptions { Restart = true }).Solve(problem, penalty, _options);
        LassoSolution reference = new CoordinateDescentSolver().Solve(problem, penalty, _options);
        Assert.True(solution.Converged);
        Assert.Equal(reference.Objective, solution.Objective, 1e-8 * reference.Objective);
        CertificateAudit.AssertCertificatesHold(problem, system.Values, solution);
    }

    [Fact]
    public void On_an_ill_conditioned_problem_restarts_need_fewer_iterations_and_the_objective_hardly_ever_rises()
    {
        using GramStatistics gram = RandomMatrix.Gram(IllConditioned(), 24);
        using BlockProblem problem = new(gram, BlockOrder.DesignAndTargets(20, 4));
        L1Penalty penalty = new(1e-3 * problem.MaximumLambda());
        double optimum = new CoordinateDescentSolver().Solve(problem, penalty, new SolverOptions { Tolerance = 1e-13 }).Objective;
        LassoSolution plain = new FistaSolver().Solve(problem, penalty, _options);
        LassoSolution restarted = new FistaSolver(new FistaOptions { Restart = true }).Solve(problem, penalty, _options);
        Assert.True(plain.Converged && restarted.Converged);
        Assert.True(2 * Iterations(restarted) < Iterations(plain), $"{Iterations(restarted)} iterations with restart, {Iterations(plain)} without");
        Assert.Equal(plain.Objective, restarted.Objective, 1e-8 * plain.Objective);
        (int plainRises, int restartRises) = (Rises(false), Rises(true));
        Assert.True(4 * restartRises < plainRises, $"the objective rises {restartRises} times with restart, {plainRises} times without");

        // Counted among the first 200 iterations, where the excess over the optimum is still above rounding.
        int Rises(bool restart)
        {
            double[] excess = [.. Enumerable.Range(1, 200).Select(k => new FistaSolver(new FistaOptions { Restart = restart, IterationsBetweenChecks = 1000 })
                .Solve(problem, penalty, _options with { MaximumIterations = k }).Objective - optimum)];
            return Enumerable.Range(1, 199).Count(k => excess[k] > excess[k - 1] * 1.0001);
        }
    }

    [Fact]
    public void The_curve_of_gaps_against_iterations_is_reported_and_ends_at_the_certificate()
    {
        PlantedSystem system = new(100, 3, 6, 2, 3);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order);
        L1Penalty penalty = new(0.05 * problem.MaximumLambda());
        List<FistaProgress> curve = [];
        LassoSolution solution = new FistaSolver(new FistaOptions { IterationsBetweenChecks = 3, Progress = new Recorder(curve) }).Solve(problem, penalty, _options);
        Assert.Equal(Enumerable.Range(0, curve.Count).Select(k => 3 * k), curve.Select(point => point.Iteration));
        Assert.Equal(solution.Certificates.Max(c => c.RelativeGap), curve[^1].WorstRelativeGap);
        Assert.All(curve.SkipLast(1), point => Assert.True(point.WorstRelativeGap > _options.Tolerance));
        Assert.All(solution.Certificates, c => Assert.Equal(curve[^1].Iteration, c.Iterations));

        // A point of the curve is what a solve that stops there finds.
        FistaProgress middle = curve[curve.Count / 2];
        LassoSolution stopped = new FistaSolver().Solve(problem, penalty, _options with { MaximumIterations = middle.Iteration });
        Assert.Equal(middle.WorstRelativeGap, stopped.Certificates.Max(c => c.RelativeGap));
    }

    [Fact]
    public void Restarts_give_the_same_bytes_for_any_number_of_threads()
    {
        PlantedSystem system = new(300, 5, 40, 3, 2);
        int before = DeterministicParallel.Threads;
        try
        {
            using GramStatistics gram = system.Gram();
            using BlockProblem problem = new(gram, system.Order);
            L1Penalty penalty = new(0.05 * problem.MaximumLambda());
            LassoSolution[] solutions = [.. new[] { 1, 2, 5 }.Select(threads =>
            {
                DeterministicParallel.Threads = threads;
                return new FistaSolver(new FistaOptions { Restart = true }).Solve(problem, penalty, _options with { MaximumIterations = 60 });
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
    public void A_solver_without_iterations_between_checks_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FistaSolver(new FistaOptions { IterationsBetweenChecks = 0 }));

    // Twenty columns that are nearly one, and targets that are sums of a few of them.
    private static double[] IllConditioned()
    {
        double[] x = RandomMatrix.Correlated(400, 24, 5, share: 10);
        for (int i = 0; i < 400; i++)
        {
            for (int t = 0; t < 4; t++)
            {
                x[(i * 24) + 20 + t] += x[(i * 24) + t] - x[(i * 24) + (3 * t) + 1];
            }
        }

        return x;
    }

    private static int Iterations(LassoSolution solution) => solution.Certificates.Max(c => c.Iterations);

    private sealed class Recorder(List<FistaProgress> curve) : IProgress<FistaProgress>
    {
        public void Report(FistaProgress value) => curve.Add(value);
    }
}
