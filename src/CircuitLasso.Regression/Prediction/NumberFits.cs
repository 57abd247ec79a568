namespace CircuitLasso.Regression;

/// <summary>Fits of several numeric targets on the rows outside some folds, each with its lambda chosen by cross-validation inside.</summary>
internal sealed class NumberFits(FoldedGramStatistics statistics, int designColumns, int targets, LambdaPathOptions path, CancellationToken cancellationToken)
{
    private const int LambdasWithoutProgress = 3;
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
            return new CoordinateDescentSolver().Solve(problem, penalty, last ?? path.Solver, cancellationToken: cancellationToken);
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

    /// <summary>For each target the share with the smallest error within the rows outside a fold; a target's path stops after a few lambdas without progress.</summary>
    private int[] Choose(GramStatistics training, int? held)
    {
        int[] inner = [.. Enumerable.Range(0, statistics.Folds).Where(fold => fold != held)];
        BlockProblem?[] problems = new BlockProblem?[inner.Length];
        try
        {
            for (int f = 0; f < inner.Length; f++)
            {
                using GramStatistics rest = training.Subtract(statistics.Fold(inner[f]));
                problems[f] = new BlockProblem(rest, _order);
            }

            return Choose(problems!, inner);
        }
        finally
        {
            foreach (BlockProblem? problem in problems)
            {
                problem?.Dispose();
            }
        }
    }

    private int[] Choose(BlockProblem[] problems, int[] inner)
    {
        IReadOnlyList<double> shares = path.Shares();
        LassoSolution?[] solutions = new LassoSolution?[inner.Length];
        int[] best = new int[targets];
        double[] smallest = new double[targets];
        Array.Fill(smallest, double.PositiveInfinity);
        for (int k = 0; k < shares.Count && best.Max() + LambdasWithoutProgress >= k; k++)
        {
            double[] errors = new double[targets];
            for (int f = 0; f < inner.Length; f++)
            {
                // Shares of each target's largest lambda on the rows at hand scale with their number by themselves. At the largest a target
                // that has stopped costs nothing.
                L1Penalty penalty = new([.. Enumerable.Range(0, targets).Select(t =>
                    Math.Max(double.Epsilon, problems[f].MaximumLambda(designColumns + t) * (k <= best[t] + LambdasWithoutProgress ? shares[k] : 1)))]);
                solutions[f] = new CoordinateDescentSolver().Solve(problems[f], penalty, path.Solver, solutions[f], cancellationToken: cancellationToken);
                for (int t = 0; t < targets; t++)
                {
                    errors[t] += HeldOutSquares.Of(statistics.Fold(inner[f]), solutions[f]!, designColumns + t);
                }
            }

            for (int t = 0; t < targets; t++)
            {
                if (k <= best[t] + LambdasWithoutProgress && errors[t] < smallest[t])
                {
                    (smallest[t], best[t]) = (errors[t], k);
                }
            }
        }

        return best;
    }
}
