namespace CircuitLasso.Tests;

/// <summary>Plain loops over two-dimensional arrays, as the slow side of a comparison.</summary>
internal static class DenseMatrix
{
    public static double[,] Times(this double[,] a, double[,] b)
    {
        double[,] c = new double[a.GetLength(0), b.GetLength(1)];
        for (int i = 0; i < a.GetLength(0); i++)
        {
            for (int k = 0; k < a.GetLength(1); k++)
            {
                for (int j = 0; j < b.GetLength(1); j++)
                {
                    c[i, j] += a[i, k] * b[k, j];
                }
            }
        }

        return c;
    }

    public static double[,] Transposed(this double[,] a) => Of(a.GetLength(1), a.GetLength(0), (i, j) => a[j, i]);

    public static double[,] Of(int rows, int columns, Func<int, int, double> value)
    {
        double[,] a = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                a[i, j] = value(i, j);
            }
        }

        return a;
    }

    /// <summary>(X'X + c I)^-1 X'Y by elimination with pivots.</summary>
    public static double[,] Ridge(double[,] x, double[,] y, double penalty)
    {
        double[,] a = x.Transposed().Times(x);
        double[,] b = x.Transposed().Times(y);
        int n = a.GetLength(0);
        for (int i = 0; i < n; i++)
        {
            a[i, i] += penalty;
        }

        for (int k = 0; k < n; k++)
        {
            int pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(a[i, k]));
            for (int j = 0; j < n; j++)
            {
                (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]);
            }

            for (int j = 0; j < b.GetLength(1); j++)
            {
                (b[k, j], b[pivot, j]) = (b[pivot, j], b[k, j]);
            }

            for (int i = 0; i < n; i++)
            {
                double factor = i == k ? 0 : a[i, k] / a[k, k];
                for (int j = k; j < n && factor != 0; j++)
                {
                    a[i, j] -= factor * a[k, j];
                }

                for (int j = 0; j < b.GetLength(1) && factor != 0; j++)
                {
                    b[i, j] -= factor * b[k, j];
                }
            }
        }

        return Of(n, b.GetLength(1), (i, j) => b[i, j] / a[i, i]);
    }

    public static double MeanSquaredDiagonal(double[,] x)
    {
        double sum = 0;
        foreach (double value in x)
        {
            sum += value * value;
        }

        return sum / x.GetLength(1);
    }

    public static double SquaredNorm(double[,] x)
    {
        double sum = 0;
        foreach (double value in x)
        {
            sum += value * value;
        }

        return sum;
    }
}
