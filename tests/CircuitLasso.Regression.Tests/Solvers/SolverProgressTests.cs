using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SolverProgressTests
{
    private static readonly PlantedSystem _system = new(300, 4, 5, 2, 4);

    [Theory]
    [InlineData("coordinate descent")]
    [InlineData("FISTA")]
    [InlineData("groups")]
    public void A_solve_tells_of_every_target_and_gives_the_bytes_of_one_that_tells_nobody(string name)
    {
        IBlockSolver solver = name switch { "FISTA" => new FistaSolver(), "groups" => new GroupDescentSolver(), _ => new CoordinateDescentSolver() };
        using GramStatistics gram = _system.Gram();
        using BlockProblem problem = new(gram, _system.Order);
        IPenalty penalty = name == "groups" ? new GroupL1Penalty(20, ColumnGroups.Neighbours(_system.Columns, 5)) : new L1Penalty(20);
        Recorder recorder = new();
        LassoSolution told = solver.Solve(problem, penalty, progress: recorder, cancellationToken: TestContext.Current.CancellationToken);
        LassoSolution silent = solver.Solve(problem, penalty, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(silent.Coefficients.Values, told.Coefficients.Values);
        Assert.All(recorder.Reports, report => Assert.Equal((problem.Targets.Count, "targets"), ((int)report.Total!.Value, report.Unit)));
        Assert.Equal(problem.Targets.Count, recorder.Reports.Max(report => report.Done));
        if (name != "FISTA")
        {
            // FISTA has all targets in one matrix and says how many have converged; the others finish them one by one.
            Assert.Equal(Enumerable.Range(1, problem.Targets.Count), recorder.Reports.Select(report => (int)report.Done).Order());
        }
    }

    [Fact]
    public void A_path_and_a_cross_validation_count_the_targets_of_all_their_solves()
    {
        using FoldedGramAccumulator accumulator = new(_system.Columns, FoldAssignment.ForRows(300, 3));
        accumulator.Add(_system.Values);
        using FoldedGramStatistics folds = accumulator.Finish();
        using BlockProblem problem = new(folds.All, _system.Order);
        LambdaPathOptions path = new() { Count = 4 };
        Recorder fitted = new(), validated = new();
        LambdaPath.Fit(problem, path, progress: fitted, cancellationToken: TestContext.Current.CancellationToken);
        CrossValidation.Run(folds, _system.Order, path: path, progress: validated, cancellationToken: TestContext.Current.CancellationToken);
        AssertCounts(fitted, "lambda path", 4 * problem.Targets.Count);
        AssertCounts(validated, "cross-validating", 3 * 4 * problem.Targets.Count);
    }

    private static void AssertCounts(Recorder recorder, string stage, int total)
    {
        Assert.All(recorder.Reports, report => Assert.Equal((stage, total, "targets"), (report.Stage, (int)report.Total!.Value, report.Unit)));
        Assert.Equal(Enumerable.Range(1, total), recorder.Reports.Select(report => (int)report.Done).Order());
    }

    private sealed class Recorder : IProgress<WorkProgress>
    {
        public List<WorkProgress> Reports { get; } = [];

        public void Report(WorkProgress value)
        {
            lock (Reports)
            {
                Reports.Add(value);
            }
        }
    }
}
