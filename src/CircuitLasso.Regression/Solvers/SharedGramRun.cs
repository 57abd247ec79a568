using System.Collections.Concurrent;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>The targets of one run of <see cref="SharedGramSolver"/>: who works on which, and what came out. Safe for several threads.</summary>
internal sealed class SharedGramRun(SharedGramProblem problem, SolvedTargets solved, IProgress<WorkProgress>? progress)
{
    private readonly ConcurrentBag<SharedGramTarget> _workspaces = [];
    private readonly Lock _lock = new();
    private double _largest;
    private int _done = solved.Done;

    /// <summary>Takes a target into account for the first lambda of the whole matrix's path; its X'y is given.</summary>
    public void Include(ReadOnlySpan<double> products, ColumnRange[] allowed)
    {
        double largest = problem.LargestCorrelation(products, allowed);
        lock (_lock)
        {
            _largest = Math.Max(_largest, largest);
        }
    }

    /// <summary>The same for a column of the design.</summary>
    public void IncludeColumn(int target, ColumnRange[] allowed) =>
        Use(workspace => Include(workspace.ProductsOf(target, allowed), allowed));

    /// <summary>Solves for a target whose X'y is given.</summary>
    public void Solve(CompressedColumns<float> targets, int target, ReadOnlySpan<double> products, ColumnRange[] allowed)
    {
        if (solved.IsDone(target))
        {
            return;
        }

        SharedGramTarget workspace = Take();
        workspace.Start(targets, target, products, allowed);
        Follow(workspace, target);
    }

    /// <summary>Solves for a column of the design.</summary>
    public void SolveColumn(int target, ColumnRange[] allowed)
    {
        if (solved.IsDone(target))
        {
            return;
        }

        SharedGramTarget workspace = Take();
        workspace.StartColumn(target, allowed);
        Follow(workspace, target);
    }

    public SharedGramSolution Finish(TimeSpan correlationTime, TimeSpan solvingTime)
    {
        foreach (SharedGramTarget workspace in _workspaces)
        {
            workspace.Dispose();
        }

        return solved.ToSolution(correlationTime, solvingTime);
    }

    private void Follow(SharedGramTarget workspace, int target)
    {
        SharedGramOptions options = problem.Options;
        double first = 2 * (options.Lambda is null ? workspace.LargestProduct : _largest);
        double last = options.Lambda ?? (options.Lambdas.Count > 0 ? options.Lambdas[target] : options.LambdaRatio!.Value * first);
        for (int k = 0; k < options.PathLength; k++)
        {
            double lambda = k == options.PathLength - 1 || last >= first ? last : first * Math.Pow(last / first, k / (options.PathLength - 1.0));
            (SparseVector? coefficients, TargetCertificate certificate) = workspace.Solve(lambda);
            solved.Set(target, k, coefficients, workspace.Intercept(coefficients), certificate);
        }

        _workspaces.Add(workspace);
        int done = Interlocked.Increment(ref _done);
        progress?.Report(new WorkProgress("solve", done, solved.Targets, "targets"));
    }

    private SharedGramTarget Take() => _workspaces.TryTake(out SharedGramTarget? spare) ? spare : new SharedGramTarget(problem);

    private void Use(Action<SharedGramTarget> work)
    {
        SharedGramTarget workspace = Take();
        work(workspace);
        _workspaces.Add(workspace);
    }
}
