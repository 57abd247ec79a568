using System.Collections.Concurrent;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Block coordinate descent for <see cref="GroupL1Penalty"/> on the shared Gram matrix G = X'X, one target at a time, targets in parallel.
/// <code>
/// q   = X'y - G w                                                   what the residual still correlates with
/// w_g := argmin of v'G_gg v - 2 (q_g + G_gg w_g)'v + lambda weight_g ||v||    one group, exactly minimised
/// </code>
/// The passes run over a working set that starts from the support and ten groups that violate ||q_g|| at most lambda / 2 weight_g, and
/// doubles until none is left; every few passes a Newton step moves all groups of the support at once. The gap is measured over all allowed
/// groups from q computed afresh, with the dual point c r, c clipped to +- lambda / (2 max over groups of ||q_g|| / weight_g). A group whose
/// columns are collinear gets the one of its equal solutions that has the smallest norm.
/// </summary>
public sealed class GroupDescentSolver : IBlockSolver
{
    /// <inheritdoc/>
    public string Name => "group descent";

    /// <inheritdoc/>
    public bool Supports(IDatafit datafit, IPenalty penalty) => datafit is SquaredLoss && penalty is GroupL1Penalty;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The solver does not support the penalty, the penalty or warm start is of another size, a target may use part of a group only, or a column that may explain is in no group.</exception>
    public LassoSolution Solve(
        BlockProblem problem, IPenalty penalty, SolverOptions? options = null, LassoSolution? warmStart = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new SolverOptions();
        SolverCompatibility.Require(this, problem, penalty, options, warmStart);
        GroupL1Penalty groups = (GroupL1Penalty)penalty;
        int count = problem.Targets.Count, done = 0;
        groups.CheckTargets(count);
        GroupedProblem grouped = new(problem, groups.Groups);
        SparseVector?[] columns = new SparseVector?[problem.Columns];
        TargetCertificate[] certificates = new TargetCertificate[count];
        ConcurrentBag<GroupDescentTarget> workspaces = [];
        DeterministicParallel.For(
            count,
            task =>
            {
                // The widest targets come last in computation order and take longest: start with them.
                int index = count - 1 - task;
                int target = problem.Targets[index];
                GroupDescentTarget workspace = workspaces.TryTake(out GroupDescentTarget? spare) ? spare : new GroupDescentTarget(problem, grouped, options);
                (columns[target], certificates[index]) = workspace.Solve(target, groups.Lambda(index), warmStart?.ScaledCoefficients);
                workspaces.Add(workspace);
                progress?.Report(new WorkProgress("solve", Interlocked.Increment(ref done), count, "targets"));
            },
            cancellationToken);
        return new LassoSolution(problem, SparseColumns.FromColumns(problem.Columns, columns), certificates);
    }
}
