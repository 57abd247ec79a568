using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

/// <summary>Designs of <see cref="SparseSample"/> with classes that depend on a few columns and on chance.</summary>
internal sealed class LogisticSample
{
    public LogisticSample(int rows, int features, double density, int seed, int targets = 1, int classes = 2)
    {
        SparseSample sample = new(rows, features, Math.Max(targets, classes), density, seed);
        X = sample.X;
        Random random = new(seed + 1000);
        Labels = new int[targets][];
        for (int t = 0; t < targets; t++)
        {
            Labels[t] = new int[rows];
            double[] scores = new double[rows];
            for (int i = 0; i < rows; i++)
            {
                scores[i] = sample.Y[i, t] + (0.5 * RandomMatrix.Gaussian(random));
            }

            double[] sorted = [.. scores.Order()];
            for (int i = 0; i < rows; i++)
            {
                for (int c = 1; c < classes; c++)
                {
                    Labels[t][i] += scores[i] > sorted[c * rows / classes] ? 1 : 0;
                }
            }
        }
    }

    public float[,] X { get; }

    public int[][] Labels { get; }

    public double[] RowMajor => [.. X.Cast<float>().Select(value => (double)value)];

    public SharedDesign Design() => SharedDesign.Create(SparseSample.Compress(X));

    public CompressedColumns<float> Targets()
    {
        float[,] y = new float[X.GetLength(0), Labels.Length];
        for (int t = 0; t < Labels.Length; t++)
        {
            for (int i = 0; i < y.GetLength(0); i++)
            {
                y[i, t] = Labels[t][i];
            }
        }

        return SparseSample.Compress(y);
    }

    public SharedLogisticSolution Solve(SharedLogisticOptions options)
    {
        using SharedDesign design = Design();
        return SharedLogisticSolver.Solve(design, Targets(), options, cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>
    /// Primal, gap relative to the null loss, null loss and smallest lambda that leaves all empty, from the numbers themselves in float64; the
    /// loss written as the softmax over all classes, two classes with scores 0 and z.
    /// </summary>
    public (double Primal, double Gap, double NullLoss, double MaximumLambda) Audit(
        CompressedColumns<double> coefficients, IReadOnlyList<double> intercepts, int target, int classes, bool intercept, double lambda, double[]? weights = null)
    {
        int rows = X.GetLength(0), features = X.GetLength(1), scoreColumns = classes == 2 ? 1 : classes, first = classes == 2 ? target : 0;
        int[] labels = Labels[target];
        double[,] null0 = new double[rows, classes], fitted = new double[rows, classes];
        double norm = 0;
        for (int c = 0; c < scoreColumns; c++)
        {
            int k = classes == 2 ? 1 : c;
            for (int i = 0; i < rows; i++)
            {
                null0[i, k] = !intercept ? 0 : classes == 2 ? Math.Log((double)labels.Count(l => l == 1) / labels.Count(l => l == 0)) : Math.Log(labels.Count(l => l == k) / (double)rows);
                fitted[i, k] = intercepts[first + c];
            }

            for (int j = 0; j < features; j++)
            {
                double w = SparseSample.Weight(coefficients, j, first + c);
                norm += Math.Abs(w) * (weights?[j] ?? 1);
                for (int i = 0; i < rows; i++)
                {
                    fitted[i, k] += w * X[i, j];
                }
            }
        }

        (double nullLoss, double[,] nullResiduals) = Loss(null0, labels);
        (double loss, double[,] residuals) = Loss(fitted, labels);
        double largest = Largest(residuals, scoreColumns, weights), scale = Math.Min(1, largest > 0 ? lambda / largest : 1), dual = 0;
        for (int i = 0; i < rows; i++)
        {
            for (int c = 0; c < classes; c++)
            {
                double v = (labels[i] == c ? 1 : 0) + (scale * residuals[i, c]);
                dual -= v > 0 ? v * Math.Log(v) : 0;
            }
        }

        double primal = loss + (lambda * norm);
        return (primal, (primal - dual) / nullLoss, nullLoss, Largest(nullResiduals, scoreColumns, weights));
    }

    private double Largest(double[,] residuals, int scoreColumns, double[]? weights)
    {
        double largest = 0;
        for (int c = 0; c < scoreColumns; c++)
        {
            for (int j = 0; j < X.GetLength(1); j++)
            {
                double sum = 0;
                for (int i = 0; i < X.GetLength(0); i++)
                {
                    sum += X[i, j] * residuals[i, scoreColumns == 1 ? 1 : c];
                }

                largest = Math.Max(largest, Math.Abs(sum) / (weights?[j] ?? 1));
            }
        }

        return largest;
    }

    private static (double Loss, double[,] Residuals) Loss(double[,] scores, int[] labels)
    {
        double loss = 0;
        double[,] residuals = new double[scores.GetLength(0), scores.GetLength(1)];
        for (int i = 0; i < labels.Length; i++)
        {
            double[] z = [.. Enumerable.Range(0, scores.GetLength(1)).Select(c => scores[i, c])];
            double largest = z.Max(), sum = z.Sum(value => Math.Exp(value - largest));
            loss += Math.Log(sum) + largest - z[labels[i]];
            for (int c = 0; c < z.Length; c++)
            {
                residuals[i, c] = (Math.Exp(z[c] - largest) / sum) - (labels[i] == c ? 1 : 0);
            }
        }

        return (loss, residuals);
    }
}
