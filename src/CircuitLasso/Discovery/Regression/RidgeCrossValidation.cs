using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Chooses the penalty of ||Y - X B||_F^2 + lambda mean(diag X'X) ||B||_F^2 among fixed shares lambda: the largest whose held-out error is within one standard error
/// of the smallest. The penalty's unit is that of the rows that are fitted.
/// </summary>
internal static class RidgeCrossValidation
{
    /// <summary>Chooses for several targets with one design.</summary>
    /// <param name="gram">The design's products.</param>
    /// <param name="leading">Columns of the design that are used: the first ones.</param>
    /// <param name="targets">The targets, each with <paramref name="leading"/> columns of X.</param>
    /// <param name="samples">How many samples each fold has: errors are per sample.</param>
    /// <param name="choice">Among which shares, and on how many folds.</param>
    /// <returns>For every target the chosen share, and the share of its square that is explained on held-out rows (may be negative; 0 where the target is constant).</returns>
    public static (double Share, double Explained)[] Choose(FoldedGram gram, int leading, IReadOnlyList<FoldedTarget> targets, IReadOnlyList<int> samples, RidgeShares choice)
    {
        int folds = choice.HeldOutFolds;
        IReadOnlyList<double> shares = choice.Shares;
        double[,,] errors = new double[targets.Count, shares.Count, folds];
        double[][][] rest = [.. Enumerable.Range(0, folds).Select(fold => targets.Select(target => target.CrossWithout(fold)).ToArray())];
        DeterministicParallel.For(folds * shares.Count, task =>
        {
            (int fold, int share) = Math.DivRem(task, shares.Count);
            using NativeBuffer<double> factor = new((nint)leading * leading, zeroed: false);
            for (int row = 0; row < leading; row++)
            {
                System.Numerics.Tensors.TensorPrimitives.Subtract(
                    gram.All.Slice(row * gram.Columns, leading), gram.Fold(fold).Slice(row * gram.Columns, leading), factor.Slice((nint)row * leading, leading));
            }

            bool varies = Ridge.TryFactorise(leading, factor.Span, shares[share] * FoldedGram.MeanOfDiagonal(factor.Span, leading, leading));
            for (int target = 0; target < targets.Count; target++)
            {
                double[] coefficients = [.. rest[fold][target]];
                if (varies)
                {
                    Cholesky.Solve(leading, factor.Span, leading, targets[target].Targets, coefficients, targets[target].Targets);
                }
                else
                {
                    Array.Clear(coefficients);
                }

                errors[target, share, fold] = targets[target].Error(gram, fold, coefficients) / samples[fold];
            }
        });
        return [.. targets.Select((target, t) => Select(
            [.. Enumerable.Range(0, shares.Count).Select(share => Enumerable.Range(0, folds).Select(fold => errors[t, share, fold]).ToArray())],
            target.Squares.Take(folds).Select((square, fold) => square / samples[fold]).Average(), shares))];
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
