namespace CircuitLasso.Regression;

/// <summary>The squared error of fitted coefficients on rows they were not fitted to, from the statistics of those rows.</summary>
internal static class HeldOutSquares
{
    /// <summary>Sum over the rows of (y - X w - b)^2 = S[y,y] - 2 w'S[:,y] + w'S w + n (mean of y - w'means - b)^2, in the units of H.</summary>
    public static double Of(GramStatistics rows, LassoSolution solution, int target)
    {
        ReadOnlySpan<int> support = solution.Coefficients.RowsOf(target);
        ReadOnlySpan<double> weights = solution.Coefficients.ValuesOf(target);
        ReadOnlySpan<double> products = rows.CentredProducts(target);
        double squares = products[target], bias = rows.Means[target] - solution.Intercepts.Span[target];
        for (int a = 0; a < support.Length; a++)
        {
            ReadOnlySpan<double> row = rows.CentredProducts(support[a]);
            double sum = -2 * products[support[a]];
            for (int b = 0; b < support.Length; b++)
            {
                sum += weights[b] * row[support[b]];
            }

            squares += weights[a] * sum;
            bias -= weights[a] * rows.Means[support[a]];
        }

        return Math.Max(0, squares) + (rows.Rows * bias * bias);
    }
}
