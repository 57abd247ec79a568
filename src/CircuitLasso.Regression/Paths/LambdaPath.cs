using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Solutions along decreasing lambdas, each started from the one before. Immutable.</summary>
public sealed class LambdaPath
{
    private readonly BlockOrder _order;

    private LambdaPath(BlockOrder order, bool perTarget, double[] lambdas, LassoSolution[] solutions)
    {
        _order = order;
        IsPerTarget = perTarget;
        Lambdas = lambdas;
        Solutions = solutions;
    }

    /// <summary>Whether <see cref="Lambdas"/> are shares of each target's own largest lambda.</summary>
    public bool IsPerTarget { get; }

    /// <summary>The lambdas, decreasing; shares in per-target mode.</summary>
    public IReadOnlyList<double> Lambdas { get; }

    /// <summary>The solution at each lambda.</summary>
    public IReadOnlyList<LassoSolution> Solutions { get; }

    /// <summary>Solves along a path.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="options">The path; the defaults if null.</param>
    /// <param name="solver">The solver; coordinate descent if null.</param>
    /// <param name="progress">Told of targets done, over all lambdas, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <exception cref="InputException">The options describe no path.</exception>
    public static LambdaPath Fit(
        BlockProblem problem, LambdaPathOptions? options = null, IBlockSolver? solver = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new LambdaPathOptions();
        double first = options.PerTarget ? 1 : problem.MaximumLambda();
        return Fit(problem, options, [.. options.Shares().Select(share => share * first)], solver, progress, cancellationToken);
    }

    /// <summary>The lambda at which each allowed edge enters, for all allowed pairs, source blocks within target blocks, in the order's order.</summary>
    public IReadOnlyList<EdgeEntry> Entries()
    {
        int blocks = _order.Blocks.Count;
        double[,] entry = new double[blocks, blocks];
        for (int k = Solutions.Count - 1; k >= 0; k--)
        {
            SparseColumns coefficients = Solutions[k].ScaledCoefficients;
            for (int j = 0; j < coefficients.ColumnCount; j++)
            {
                foreach (int i in coefficients.RowsOf(j))
                {
                    entry[_order.BlockOf(i), _order.BlockOf(j)] = Lambdas[k];
                }
            }
        }

        return [.. from target in Enumerable.Range(0, blocks)
                   from source in Enumerable.Range(0, blocks)
                   where _order.IsAllowed(source, target)
                   select new EdgeEntry(source, target, entry[source, target])];
    }

    /// <summary>Solves for stated lambdas (shares in per-target mode), which cross-validation scales to its rows.</summary>
    internal static LambdaPath Fit(
        BlockProblem problem, LambdaPathOptions options, double[] lambdas, IBlockSolver? solver, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        solver ??= new CoordinateDescentSolver();
        LassoSolution[] solutions = new LassoSolution[lambdas.Length];

        // Where no source correlates with any target the largest lambda is zero, and any positive one gives the same answer: nothing.
        double[] largest = options.PerTarget ? [.. problem.Targets.Select(problem.MaximumLambda)] : [];
        for (int k = 0; k < lambdas.Length; k++)
        {
            L1Penalty penalty = options.PerTarget
                ? new L1Penalty([.. largest.Select(lambda => Positive(lambda * lambdas[k]))])
                : new L1Penalty(Positive(lambdas[k]));
            long targets = problem.Targets.Count;
            PartProgress? part = PartProgress.Of(progress, "lambda path", k * targets, lambdas.Length * targets);
            solutions[k] = solver.Solve(problem, penalty, options.Solver, k == 0 ? null : solutions[k - 1], part, cancellationToken);
        }

        return new LambdaPath(problem.Order, options.PerTarget, lambdas, solutions);
    }

    private static double Positive(double lambda) => lambda > 0 ? lambda : double.Epsilon;
}
