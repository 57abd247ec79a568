using System.Collections.Concurrent;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Working-set coordinate descent on the shared Gram matrix G = X'X, one target at a time, targets in parallel.
/// <code>
/// q = X'y - G w                                             what the residual still correlates with
/// w[j] := S(q[j] + G[j,j] w[j], lambda / 2) / G[j,j]        one coordinate, exactly minimised
/// G[S,S] d = q[S] - lambda / 2 sign(w[S])                   every few passes: the exact step on the support S
/// </code>
/// The passes run over a working set that starts from the support and ten violators of |q[j]| at most lambda / 2 and doubles until none is
/// left, on the part of G that belongs to it. The gap is measured over all allowed columns, from q computed afresh. A target with
/// 2 max|X'y| at most lambda is zero for nothing.
/// </summary>
public sealed class CoordinateDescentSolver : IBlockSolver
{
    /// <inheritdoc/>
    public string Name => "coordinate descent";

    /// <inheritdoc/>
    public bool Supports(IDatafit datafit, IPenalty penalty) => datafit is SquaredLoss && penalty is L1Penalty;

    /// <inheritdoc/>
    public LassoSolution Solve(
        BlockProblem problem, IPenalty penalty, SolverOptions? options = null, LassoSolution? warmStart = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new SolverOptions();
        L1Penalty l1 = SolverCompatibility.RequireL1(this, problem, penalty, options, warmStart);
        int count = problem.Targets.Count, done = 0;
        SparseVector?[] columns = new SparseVector?[problem.Columns];
        TargetCertificate[] certificates = new TargetCertificate[count];
        ConcurrentBag<CoordinateDescentTarget> workspaces = [];
        DeterministicParallel.For(
            count,
            task =>
            {
                // The widest targets come last in computation order and take longest: start with them.
                int index = count - 1 - task;
                int target = problem.Targets[index];
                CoordinateDescentTarget workspace = workspaces.TryTake(out CoordinateDescentTarget? spare) ? spare : new CoordinateDescentTarget(problem, options);
                (columns[target], certificates[index]) = workspace.Solve(target, l1.Lambda(index), warmStart?.ScaledCoefficients);
                workspaces.Add(workspace);
                progress?.Report(new WorkProgress("solve", Interlocked.Increment(ref done), count, "targets"));
            },
            cancellationToken);
        return new LassoSolution(problem, SparseColumns.FromColumns(problem.Columns, columns), certificates);
    }
}
