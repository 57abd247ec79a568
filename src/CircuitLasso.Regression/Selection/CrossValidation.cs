using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// K-fold cross-validation along a path, from fold statistics alone: for every fold the path is solved on the statistics of all rows minus
/// those of the fold, and the squared error on the fold's rows follows from the fold's own statistics. On m of M rows lambda is scaled by m / M,
/// because the objective sums over rows.
/// </summary>
/// <remarks>
/// With one lambda for the whole matrix the error is the plain sum of squares over all targets, in the units the problem is solved in: it is the
/// loss that this lambda weighs, so a target counts as much in the choice as it does in the objective (standardise to let all targets count the
/// same). In per-target mode lambda is a share of each target's own largest, which has no units; there each target's error is divided by its
/// null error first. Errors are per row, and their standard error is the deviation between folds divided by the root of the number of folds.
/// Immutable.
/// </remarks>
public sealed class CrossValidation
{
    private CrossValidation(double[] lambdas, double[] errors, double[] standardErrors, int missed)
    {
        Lambdas = lambdas;
        Errors = errors;
        StandardErrors = standardErrors;
        Missed = missed;
        Best = Array.IndexOf(errors, errors.Min());
        OneStandardError = Array.FindIndex(errors, error => error <= errors[Best] + standardErrors[Best]);
    }

    /// <summary>The lambdas, decreasing, as they apply to all rows; shares in per-target mode.</summary>
    public IReadOnlyList<double> Lambdas { get; }

    /// <summary>Held-out error per row at each lambda, summed over targets (in per-target mode: the mean over targets of the error relative to the null error).</summary>
    public IReadOnlyList<double> Errors { get; }

    /// <summary>Standard error of each error.</summary>
    public IReadOnlyList<double> StandardErrors { get; }

    /// <summary>Index of the lambda with the smallest error.</summary>
    public int Best { get; }

    /// <summary>Index of the largest lambda whose error is within one standard error of the smallest: the usual choice.</summary>
    public int OneStandardError { get; }

    /// <summary>The lambda at <see cref="OneStandardError"/>.</summary>
    public double SelectedLambda => Lambdas[OneStandardError];

    /// <summary>How many solves, over all folds, lambdas and targets, missed their gap.</summary>
    public int Missed { get; }

    /// <summary>Runs the folds one after another, targets in parallel.</summary>
    /// <param name="folds">Statistics of the folds of H.</param>
    /// <param name="order">The blocks of H.</param>
    /// <param name="intercept">Whether every target has an intercept.</param>
    /// <param name="standardize">Whether columns are scaled to unit standard deviation (of the rows that are fitted).</param>
    /// <param name="path">The path; null for the default at a tolerance of 1e-4, which a held-out error does not notice.</param>
    /// <param name="solver">The solver; coordinate descent if null.</param>
    /// <param name="progress">Told of targets done, over all folds and lambdas, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    public static CrossValidation Run(
        FoldedGramStatistics folds, BlockOrder order, bool intercept = true, bool standardize = false, LambdaPathOptions? path = null, IBlockSolver? solver = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        path ??= new LambdaPathOptions { Solver = new SolverOptions { Tolerance = 1e-4 } };
        using BlockProblem all = new(folds.All, order, intercept, standardize);
        double first = path.PerTarget ? 1 : all.MaximumLambda();
        double[] lambdas = [.. path.Shares().Select(share => share * first)];
        double[,] errors = new double[folds.Folds, lambdas.Length];
        int missed = 0;
        for (int fold = 0; fold < folds.Folds; fold++)
        {
            using GramStatistics rest = folds.Without(fold);
            using BlockProblem problem = new(rest, order, intercept, standardize);
            double share = path.PerTarget ? 1 : (double)rest.Rows / folds.All.Rows;
            long solves = (long)lambdas.Length * problem.Targets.Count;
            PartProgress? part = PartProgress.Of(progress, "cross-validating", fold * solves, folds.Folds * solves);
            LambdaPath fitted = LambdaPath.Fit(problem, path, [.. lambdas.Select(lambda => lambda * share)], solver, part, cancellationToken);
            for (int k = 0; k < lambdas.Length; k++)
            {
                missed += fitted.Solutions[k].Missed;
                errors[fold, k] = Error(all, folds.Fold(fold), fitted.Solutions[k], path.PerTarget);
            }
        }

        double[] means = new double[lambdas.Length], deviations = new double[lambdas.Length];
        for (int k = 0; k < lambdas.Length; k++)
        {
            double[] values = [.. Enumerable.Range(0, folds.Folds).Select(fold => errors[fold, k])];
            means[k] = values.Select((error, fold) => error * folds.Fold(fold).Rows).Sum() / folds.All.Rows;
            deviations[k] = StandardErrorOf(values);
        }

        return new CrossValidation(lambdas, means, deviations, missed);
    }

    /// <summary>The deviation between values (divisor n - 1) divided by the root of their number.</summary>
    internal static double StandardErrorOf(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
    }

    private static double Error(BlockProblem all, GramStatistics fold, LassoSolution solution, bool relative)
    {
        double[] perTarget = new double[all.Targets.Count];
        DeterministicParallel.For(perTarget.Length, t =>
        {
            int target = all.Targets[t];
            double nullLoss = all.NullLoss(target), scale = all.Scales[target];
            double error = HeldOutSquares.Of(fold, solution, target) / (scale * scale) / fold.Rows;
            perTarget[t] = !relative ? error : nullLoss > 0 ? error / (nullLoss / all.Rows) / perTarget.Length : 0;
        });
        return perTarget.Sum();
    }
}
