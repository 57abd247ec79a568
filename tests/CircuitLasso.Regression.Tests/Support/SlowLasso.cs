namespace CircuitLasso.Regression.Tests;

/// <summary>The slow twin of every Lasso solver: cyclic coordinate descent in float64 on the rows themselves, until nothing moves.</summary>
internal static class SlowLasso
{
    /// <summary>The coefficients and the objective ||y - X w||^2 + lambda sum c |w|; columns and target are centred first if so asked.</summary>
    public static (double[] Weights, double Objective, double NullLoss) Solve(
        float[,] x, float[,] y, int target, double lambda, bool centred = false, bool nonNegative = false, double[]? factors = null, Func<int, bool>? isAllowed = null)
    {
        int rows = x.GetLength(0), features = x.GetLength(1);
        double[][] columns = [.. Enumerable.Range(0, features).Select(j => Column(x, j, centred))];
        double[] residual = Column(y, target, centred), w = new double[features];
        double nullLoss = residual.Sum(value => value * value);
        double[] squares = [.. columns.Select(column => column.Sum(value => value * value))];
        for (int pass = 0; pass < 20_000; pass++)
        {
            double moved = 0;
            for (int j = 0; j < features; j++)
            {
                if (squares[j] < 1e-9 || (isAllowed is not null && !isAllowed(j)))
                {
                    continue;
                }

                double threshold = lambda / 2 * (factors?[j] ?? 1), centre = squares[j] * w[j];
                for (int i = 0; i < rows; i++)
                {
                    centre += columns[j][i] * residual[i];
                }

                double size = Math.Max(0, (nonNegative ? centre : Math.Abs(centre)) - threshold);
                double updated = Math.Sign(centre) * size / squares[j], change = updated - w[j];
                for (int i = 0; change != 0 && i < rows; i++)
                {
                    residual[i] -= change * columns[j][i];
                }

                moved = Math.Max(moved, Math.Abs(change) * Math.Sqrt(squares[j]));
                w[j] = updated;
            }

            if (moved <= 1e-13 * Math.Sqrt(nullLoss))
            {
                break;
            }
        }

        return (w, Objective(residual, w, lambda, factors), nullLoss);
    }

    /// <summary>The objective of coefficients found elsewhere.</summary>
    public static double Objective(float[,] x, float[,] y, int target, Func<int, double> weight, double lambda, bool centred = false, double[]? factors = null)
    {
        double[] residual = Column(y, target, centred), w = [.. Enumerable.Range(0, x.GetLength(1)).Select(weight)];
        for (int j = 0; j < w.Length; j++)
        {
            double[] column = Column(x, j, centred);
            for (int i = 0; w[j] != 0 && i < residual.Length; i++)
            {
                residual[i] -= w[j] * column[i];
            }
        }

        return Objective(residual, w, lambda, factors);
    }

    private static double Objective(double[] residual, double[] w, double lambda, double[]? factors) =>
        residual.Sum(value => value * value) + (lambda * w.Select((value, j) => Math.Abs(value) * (factors?[j] ?? 1)).Sum());

    private static double[] Column(float[,] matrix, int column, bool centred)
    {
        double[] values = [.. Enumerable.Range(0, matrix.GetLength(0)).Select(i => (double)matrix[i, column])];
        double mean = centred ? values.Average() : 0;
        return [.. values.Select(value => value - mean)];
    }
}
