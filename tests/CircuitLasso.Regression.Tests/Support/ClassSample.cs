namespace CircuitLasso.Regression.Tests;

/// <summary>Rows whose class depends on the first three columns, or on nothing.</summary>
internal sealed class ClassSample
{
    public ClassSample(int rows, int columns, int classes, int seed, double strength = 1.5)
    {
        Columns = columns;
        Values = RandomMatrix.Correlated(rows, columns, seed, share: 0.3);
        Random random = new(seed + 100);
        Labels = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            double[] weights = new double[classes];
            for (int c = 0; c < classes; c++)
            {
                int j = c % Math.Min(3, columns);
                weights[c] = Math.Exp(c == 0 ? 0 : strength * (Values[(i * columns) + j] - (j % 3)));
            }

            double draw = random.NextDouble() * weights.Sum();
            for (int c = 0; draw > weights[c] && c < classes - 1; c++)
            {
                draw -= weights[c];
                Labels[i] = c + 1;
            }
        }
    }

    public int Columns { get; }

    public double[] Values { get; }

    public int[] Labels { get; }

    public DenseDesign Design(bool standardize = false) => DenseDesign.FromRows(Values, Columns, standardize);
}
