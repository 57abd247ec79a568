using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

/// <summary>Sparse designs whose columns are popular to different degrees, and targets that mix a few of them, from a fixed seed.</summary>
internal sealed class SparseSample
{
    public SparseSample(int rows, int features, int targets, double density, int seed)
    {
        Random random = new(seed);
        X = new float[rows, features];
        Y = new float[rows, targets];
        for (int j = 0; j < features; j++)
        {
            double share = density >= 1 ? 1 : density * 2 / (1 + (j % 7));
            for (int i = 0; i < rows; i++)
            {
                X[i, j] = random.NextDouble() < share ? (float)(density >= 1 ? RandomMatrix.Gaussian(random) : 0.1 + random.NextDouble()) : 0;
            }
        }

        for (int t = 0; t < targets; t++)
        {
            for (int i = 0; i < rows; i++)
            {
                Y[i, t] = X[i, t % features] - (0.5f * X[i, 3 * t % features]) + (0.7f * X[i, ((5 * t) + 1) % features]) + (float)(0.2 * RandomMatrix.Gaussian(random));
            }
        }
    }

    public float[,] X { get; }

    public float[,] Y { get; }

    public static CompressedColumns<float> Compress(float[,] matrix)
    {
        long[] starts = new long[matrix.GetLength(1) + 1];
        List<int> rows = [];
        List<float> values = [];
        for (int j = 0; j < matrix.GetLength(1); j++)
        {
            for (int i = 0; i < matrix.GetLength(0); i++)
            {
                if (matrix[i, j] != 0)
                {
                    rows.Add(i);
                    values.Add(matrix[i, j]);
                }
            }

            starts[j + 1] = rows.Count;
        }

        return new CompressedColumns<float>(matrix.GetLength(0), starts, [.. rows], [.. values]);
    }

    public static SharedGramSolution Solve(float[,] x, float[,] y, SharedGramOptions options)
    {
        using SharedDesign design = SharedDesign.Create(Compress(x));
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        return SharedGramSolver.Solve(design, gram, Compress(y), options, cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>Primal, relative gap and lambda of one target, from the numbers themselves in float64.</summary>
    public static (double Primal, double Gap) Audit(float[,] x, float[,] y, int target, Func<int, double> weight, double lambda)
    {
        int rows = x.GetLength(0), features = x.GetLength(1);
        double[] w = [.. Enumerable.Range(0, features).Select(weight)];
        double nullLoss = 0, loss = 0, targetTimesResidual = 0;
        double[] correlations = new double[features];
        for (int i = 0; i < rows; i++)
        {
            double residual = y[i, target];
            for (int j = 0; j < features; j++)
            {
                residual -= x[i, j] * w[j];
            }

            nullLoss += (double)y[i, target] * y[i, target];
            loss += residual * residual;
            targetTimesResidual += y[i, target] * residual;
            for (int j = 0; j < features; j++)
            {
                correlations[j] += x[i, j] * residual;
            }
        }

        double largest = correlations.Max(Math.Abs), primal = loss + (lambda * w.Sum(Math.Abs));
        double bound = largest > 0 ? lambda / (2 * largest) : double.PositiveInfinity;
        double c = loss > 0 ? Math.Clamp(targetTimesResidual / loss, -bound, bound) : 0;
        double dual = (2 * c * targetTimesResidual) - (c * c * loss);
        return (primal, nullLoss > 0 ? (primal - dual) / nullLoss : 0);
    }

    public static double Weight(CompressedColumns<double> coefficients, int row, int column)
    {
        int at = coefficients.RowsOf(column).BinarySearch(row);
        return at < 0 ? 0 : coefficients.ValuesOf(column)[at];
    }
}
