namespace CircuitLasso.Regression.Tests;

/// <summary>Recomputes objectives and gaps from the rows and the coefficients, without a Gram matrix.</summary>
internal static class CertificateAudit
{
    /// <summary>Primal, dual and null loss of a target, in the units the problem was solved in.</summary>
    public static (double Primal, double Dual, double NullLoss) Recompute(BlockProblem problem, double[] rows, LassoSolution solution, int target, double lambda)
    {
        int columns = problem.Columns, count = rows.Length / columns;
        double[] means = new double[columns], scales = new double[columns];
        bool[] constant = new bool[columns];
        for (int j = 0; j < columns; j++)
        {
            double mean = problem.Intercept ? Enumerable.Range(0, count).Average(i => rows[(i * columns) + j]) : 0;
            means[j] = mean;
            constant[j] = Deviation(j) <= 1e-12 * Math.Abs(mean);
            scales[j] = problem.Standardized && !constant[j] ? Deviation(j) : 1;

            double Deviation(int column) => Math.Sqrt(Enumerable.Range(0, count).Average(i => Math.Pow(rows[(i * columns) + column] - mean, 2)));
        }

        double Value(int i, int j) => constant[j] ? 0 : (rows[(i * columns) + j] - means[j]) / scales[j];
        double[] residual = new double[count];
        double norm = 0, nullLoss = 0, square = 0, targetTimesResidual = 0;
        for (int j = 0; j < columns; j++)
        {
            // From the coefficients that are given back, in the user's units, so that undoing the scaling is audited too.
            norm += Math.Abs(solution.Coefficients[j, target] * scales[j] / scales[target]);
        }

        for (int i = 0; i < count; i++)
        {
            double prediction = solution.Intercepts.Span[target];
            for (int j = 0; j < columns; j++)
            {
                prediction += solution.Coefficients[j, target] * rows[(i * columns) + j];
            }

            double y = Value(i, target);
            residual[i] = (rows[(i * columns) + target] - prediction) / scales[target];
            nullLoss += y * y;
            square += residual[i] * residual[i];
            targetTimesResidual += y * residual[i];
        }

        double largest = 0;
        for (int j = 0; j < columns; j++)
        {
            if (problem.Order.IsAllowed(problem.Order.BlockOf(j), problem.Order.BlockOf(target)))
            {
                largest = Math.Max(largest, Math.Abs(Enumerable.Range(0, count).Sum(i => Value(i, j) * residual[i])));
            }
        }

        double bound = largest > 0 ? lambda / (2 * largest) : double.PositiveInfinity;
        double c = square > 0 ? Math.Clamp(targetTimesResidual / square, -bound, bound) : 0;
        double dual = nullLoss - Enumerable.Range(0, count).Sum(i => Math.Pow(Value(i, target) - (c * residual[i]), 2));
        return (square + (lambda * norm), dual, nullLoss);
    }

    public static void AssertCertificatesHold(BlockProblem problem, double[] rows, LassoSolution solution)
    {
        foreach (TargetCertificate certificate in solution.Certificates)
        {
            (double primal, double dual, double nullLoss) = Recompute(problem, rows, solution, certificate.Column, certificate.Lambda);
            Assert.Equal(nullLoss, certificate.NullLoss, 1e-9 * Math.Max(1e-300, nullLoss) + 1e-12);
            Assert.Equal(primal, certificate.Primal, (1e-9 * nullLoss) + 1e-12);
            Assert.Equal(Math.Max(0, primal - dual), certificate.Gap, (1e-6 * nullLoss) + 1e-12);
        }
    }
}
