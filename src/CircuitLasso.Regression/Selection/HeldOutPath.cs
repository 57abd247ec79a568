using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The step of one target's path whose fits outside each fold err least on that fold. lambda is a share, the same in every fold, of the smallest that leaves the fold's fit empty. Squared errors are summed over
/// the folds, which go down their paths side by side, so that the path ends for all of them where the sum no longer falls.
/// </summary>
internal static class HeldOutPath
{
    // Each costs more than the one before it, the more entries there are; the sum over folds is smooth.
    private const int LambdasWithoutProgress = 2;

    /// <summary>The best step of the path, from 0, where the fit is empty.</summary>
    /// <param name="design">X.</param>
    /// <param name="target">y.</param>
    /// <param name="foldOfRow">The fold of each row.</param>
    /// <param name="options">The path: <see cref="SharedGramOptions.LambdaRatio"/> and <see cref="SharedGramOptions.PathLength"/>.</param>
    /// <param name="standardize">Whether the penalty of a column is multiplied by its deviation over the rows of a fit.</param>
    /// <param name="progress">Told of lambdas done; the path may end before the last.</param>
    /// <param name="cancellationToken">Stops between lambdas.</param>
    public static int BestStep(
        SharedDesign design, float[] target, int[] foldOfRow, SharedGramOptions options, bool standardize, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        int folds = foldOfRow.Max() + 1;
        HeldOutFold[] sides = new HeldOutFold[folds];
        try
        {
            for (int fold = 0; fold < folds; fold++)
            {
                sides[fold] = new HeldOutFold(design, target, foldOfRow, fold, options, standardize);
            }

            double[] errors = new double[folds];
            double smallest = double.PositiveInfinity;
            int best = 0;
            for (int k = 0; k < options.PathLength && k <= best + LambdasWithoutProgress; k++)
            {
                double ratio = SharedPathSelection.Share(options, k);
                DeterministicParallel.For(folds, fold => errors[fold] = sides[fold].Error(ratio), cancellationToken);
                progress?.Report(new WorkProgress("fitting the target", k + 1, options.PathLength, "lambdas"));
                if (errors.Sum() is var sum && sum < smallest)
                {
                    (smallest, best) = (sum, k);
                }
            }

            return best;
        }
        finally
        {
            foreach (HeldOutFold? side in sides)
            {
                side?.Dispose();
            }
        }
    }
}
