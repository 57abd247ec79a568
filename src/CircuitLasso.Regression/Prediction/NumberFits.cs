namespace CircuitLasso.Regression;

/// <summary>Fits of several numeric targets on the rows outside some folds, each with its lambda chosen by cross-validation inside.</summary>
internal sealed class NumberFits(FoldedGramStatistics statistics, int designColumns, int targets, LambdaPathOptions path, CancellationToken cancellationToken)
{
    private readonly BlockOrder _order = BlockOrder.DesignAndTargets(designColumns, targets);

    /// <summary>Chooses each target's lambda within the rows outside a fold and fits them all with it.</summary>
    public LassoSolution Fit(int? held, SolverOptions? last = null)
    {
        GramStatistics training = held is { } fold ? statistics.Without(fold) : statistics.All;
        try
        {
            int[] chosen = Choose(training, held);
            using BlockProblem problem = new(training, _order);
            IReadOnlyList<double> shares = path.Shares();
            L1Penalty penalty = new([.. chosen.Select((k, t) => Math.Max(shares[k] * problem.MaximumLambda(designColumns + t), double.Epsilon))]);
            return new CoordinateDescentSolver().Solve(problem, penalty, last ?? path.Solver, null, cancellationToken);
        }
        finally
        {
            if (held is not null)
            {
                training.Dispose();
            }
        }
    }

    /// <summary>The mean of a target over the rows outside a fold.</summary>
    public double TrainingMean(int held, int target)
    {
        GramStatistics all = statistics.All, fold = statistics.Fold(held);
        return ((all.Rows * all.Means[target]) - (fold.Rows * fold.Means[target])) / (all.Rows - fold.Rows);
    }

    private int[] Choose(GramStatistics training, int? held)
    {
        // Shares of each target's largest lambda on the rows at hand scale with their number by themselves.
        double[] shares = [.. path.Shares()];
        double[,] errors = new double[targets, shares.Length];
        for (int inner = 0; inner < statistics.Folds; inner++)
        {
            if (inner == held)
            {
                continue;
            }

            using GramStatistics rest = training.Subtract(statistics.Fold(inner));
            using BlockProblem problem = new(rest, _order);
            LambdaPath fitted = LambdaPath.Fit(problem, path with { PerTarget = true }, shares, null, cancellationToken);
            for (int k = 0; k < shares.Length; k++)
            {
                for (int t = 0; t < targets; t++)
                {
                    errors[t, k] += HeldOutSquares.Of(statistics.Fold(inner), fitted.Solutions[k], designColumns + t);
                }
            }
        }

        return [.. Enumerable.Range(0, targets).Select(t => Enumerable.Range(0, shares.Length).MinBy(k => errors[t, k]))];
    }
}
