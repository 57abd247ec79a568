using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Chooses the penalty of ||Y - X B||_F^2 + lambda mean(diag X'X) ||B||_F^2 among fixed shares lambda: the largest whose held-out error is within one standard error
/// of the smallest. The penalty's unit is that of the rows that are fitted.
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
        int leading = target.Columns;
        IReadOnlyList<double> shares = choice.Shares;
        double[,][] errors = new double[shares.Count, folds][];
        double[][] rest = [.. Enumerable.Range(0, folds).Select(target.CrossWithout)];
        DeterministicParallel.For(folds * shares.Count, task =>
        {
            (int fold, int share) = Math.DivRem(task, shares.Count);
            using NativeBuffer<double> factor = new((nint)leading * leading, zeroed: false);
            for (int row = 0; row < leading; row++)
            {
                // Only the lower triangle is factorised.
                System.Numerics.Tensors.TensorPrimitives.Subtract(
                    gram.All.Slice(row * gram.Columns, row + 1), gram.Fold(fold).Slice(row * gram.Columns, row + 1), factor.Slice((nint)row * leading, row + 1));
            }

            double[] coefficients = [.. rest[fold]];
            if (Ridge.TryFactorise(leading, factor.Span, shares[share] * FoldedGram.MeanOfDiagonal(factor.Span, leading, leading)))
            {
                Cholesky.Solve(leading, factor.Span, leading, target.Targets, coefficients, target.Targets);
            }
            else
            {
                Array.Clear(coefficients);
            }

            errors[share, fold] = target.Errors(gram, fold, coefficients);
        });
        return [.. Enumerable.Range(0, target.Readers).Select(reader => Select(
            [.. Enumerable.Range(0, shares.Count).Select(share => Enumerable.Range(0, folds).Select(fold => errors[share, fold][reader] / samples[fold]).ToArray())],
            target.Squares.Take(folds).Select((squares, fold) => squares[reader] / samples[fold]).Average(),
            shares))];
    }

    private static (double Share, double Explained) Select(double[][] errors, double square, IReadOnlyList<double> shares)
    {
        double[] means = [.. errors.Select(byFold => byFold.Average())];
        int best = Array.IndexOf(means, means.Min());
        double deviation = Math.Sqrt(errors[best].Sum(error => (error - means[best]) * (error - means[best])) / (errors[best].Length - 1));
        int chosen = Array.FindLastIndex(means, mean => mean <= means[best] + (deviation / Math.Sqrt(errors[best].Length)));
        return (shares[chosen], square > 0 ? 1 - (means[chosen] / square) : 0);
    }
}
