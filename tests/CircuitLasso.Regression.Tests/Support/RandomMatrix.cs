namespace CircuitLasso.Regression.Tests;

/// <summary>Row-major random designs from a fixed seed.</summary>
internal static class RandomMatrix
{
    public static double[] Normal(int rows, int columns, int seed, double mean = 0)
    {
        Random random = new(seed);
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = mean + Gaussian(random);
        }

        return values;
    }

    /// <summary>Columns that share a common factor, with means of their own.</summary>
    public static double[] Correlated(int rows, int columns, int seed, double share = 0.5)
    {
        Random random = new(seed);
        double[] values = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            double common = Gaussian(random);
            for (int j = 0; j < columns; j++)
            {
                values[(i * columns) + j] = (j % 3) + (share * common) + (Gaussian(random) * (1 + (0.3 * (j % 4))));
            }
        }

        return values;
    }

    public static double Gaussian(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    public static GramStatistics Gram(ReadOnlySpan<double> rows, int columns)
    {
        using GramAccumulator accumulator = new(columns);
        accumulator.Add(rows);
        return accumulator.Finish();
    }
}
