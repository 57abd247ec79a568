using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The extended Bayesian information criterion (Chen and Chen 2008), from a path that is solved already: the cheap alternative to
/// cross-validation. Summed over targets, with k non-zeros among p allowed columns and n rows:
/// <code>n log(||y - X w||^2 / n) + k log n + 2 gamma k log p</code>
/// </summary>
public static class ExtendedBayesianCriterion
{
    /// <summary>The criterion at each lambda of the path; the smallest is the choice. Constant targets do not count.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="path">Its path.</param>
    /// <param name="gamma">The weight of the number of candidates, 0 (plain BIC) to 1; default 0.5.</param>
    /// <exception cref="InputException"><paramref name="gamma"/> is not within 0 and 1.</exception>
    public static IReadOnlyList<double> Values(BlockProblem problem, LambdaPath path, double gamma = 0.5)
    {
        if (!(gamma >= 0 && gamma <= 1))
        {
            throw new InputException("gamma", "it is not between 0 and 1", "give a number from 0 to 1");
        }

        return [.. path.Solutions.Select(solution => solution.Certificates.Sum(certificate =>
        {
            if (certificate.NullLoss == 0)
            {
                return 0;
            }

            int allowed = 0;
            foreach (ColumnRange range in problem.Allowed(certificate.Column))
            {
                allowed += range.Length;
            }

            // A perfect fit has no logarithm; what is below the rounding of the null loss counts as that.
            double loss = Math.Max(certificate.Loss, 1e-14 * certificate.NullLoss);
            int nonZeros = solution.ScaledCoefficients.RowsOf(certificate.Column).Length;
            return (problem.Rows * Math.Log(loss / problem.Rows)) + (nonZeros * (Math.Log(problem.Rows) + (2 * gamma * Math.Log(allowed))));
        }))];
    }

    /// <summary>The index of the lambda with the smallest criterion.</summary>
    /// <inheritdoc cref="Values"/>
    public static int Select(BlockProblem problem, LambdaPath path, double gamma = 0.5)
    {
        IReadOnlyList<double> values = Values(problem, path, gamma);
        return Enumerable.Range(0, values.Count).MinBy(k => values[k]);
    }
}
