using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Chooses the penalty of ||Y - X B||_F^2 + lambda mean(diag X'X) ||B||_F^2 among fixed shares lambda: the largest whose held-out error is within one standard error
/// of the smallest; shares are tried from the smallest up to the first that is not. The penalty's unit is that of the rows that are fitted.
/// </summary>
internal static class RidgeCrossValidation
{
    /// <summary>Chooses for every reader of a target.</summary>
    /// <param name="gram">The design's products.</param>
    /// <param name="target">The target; its columns of X are the design's first ones.</param>
    /// <param name="samples">How many samples each fold has: errors are per sample.</param>
    /// <param name="choice">Among which shares, and on how many folds.</param>
    /// <returns>For every reader the chosen share, and the share of its square that is explained on held-out rows (may be negative; 0 where it is constant).</returns>
    public static (double Share, double Explained)[] Choose(FoldedGram gram, FoldedTarget target, IReadOnlyList<int> samples, RidgeShares choice)
    {
        int folds = choice.HeldOutFolds;
        IReadOnlyList<double> shares = choice.Shares;
        double[][] rest = [.. Enumerable.Range(0, folds).Select(target.CrossWithout)];
        List<double[]>[] errors = [.. Enumerable.Range(0, target.Readers).Select(_ => new List<double[]>())];
        for (int share = 0; share < shares.Count && (share == 0 || errors.Any(MayGoOn)); share++)
        {
            double[][] byFold = new double[folds][];
            DeterministicParallel.For(folds, fold => byFold[fold] = HeldOutErrors(gram, target, fold, rest[fold], shares[share]));
            for (int reader = 0; reader < errors.Length; reader++)
            {
                if (share > 0 && !MayGoOn(errors[reader]))
                {
                    continue;
                }

                errors[reader].Add([.. byFold.Select((own, fold) => own[reader] / samples[fold])]);
            }
        }

        return [.. errors.Select((own, reader) => Select(own, target.Squares.Take(folds).Select((squares, fold) => squares[reader] / samples[fold]).Average(), shares))];
    }

    private static double[] HeldOutErrors(FoldedGram gram, FoldedTarget target, int fold, double[] rest, double share)
    {
        int leading = target.Columns;
        using NativeBuffer<double> factor = new((nint)leading * leading, zeroed: false);
        for (int row = 0; row < leading; row++)
        {
            // Only the lower triangle is factorised.
            System.Numerics.Tensors.TensorPrimitives.Subtract(
                gram.All.Slice(row * gram.Columns, row + 1), gram.Fold(fold).Slice(row * gram.Columns, row + 1), factor.Slice((nint)row * leading, row + 1));
        }

        double[] coefficients = [.. rest];
        if (Ridge.TryFactorise(leading, factor.Span, share * FoldedGram.MeanOfDiagonal(factor.Span, leading, leading)))
        {
            Cholesky.Solve(leading, factor.Span, leading, target.Targets, coefficients, target.Targets);
        }
        else
        {
            Array.Clear(coefficients);
        }

        return target.Errors(gram, fold, coefficients);
    }

    // Held-out errors fall and then rise with the penalty: beyond a share that is not within one standard error none is chosen.
    private static bool MayGoOn(List<double[]> errors) => Chosen(errors) == errors.Count - 1;

    private static int Chosen(List<double[]> errors)
    {
        double[] means = [.. errors.Select(byFold => byFold.Average())];
        int best = Array.IndexOf(means, means.Min());
        double deviation = Math.Sqrt(errors[best].Sum(error => (error - means[best]) * (error - means[best])) / (errors[best].Length - 1));
        return Array.FindLastIndex(means, mean => mean <= means[best] + (deviation / Math.Sqrt(errors[best].Length)));
    }

    private static (double Share, double Explained) Select(List<double[]> errors, double square, IReadOnlyList<double> shares)
    {
        int chosen = Chosen(errors);
        return (shares[chosen], square > 0 ? 1 - (errors[chosen].Average() / square) : 0);
    }
}
