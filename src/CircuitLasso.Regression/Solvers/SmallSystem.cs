namespace CircuitLasso.Regression;

/// <summary>A positive definite system of a few unknowns, by Cholesky.</summary>
internal static class SmallSystem
{
    /// <summary>Solves A x = b; pivots are kept above <paramref name="smallestPivot"/>, so a singular A gives a damped answer.</summary>
    public static double[] Solve(double[] matrix, double[] rightSide, double smallestPivot)
    {
        int size = rightSide.Length;
        double[] factor = new double[size * size], x = [.. rightSide];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double value = matrix[(i * size) + j];
                for (int k = 0; k < j; k++)
                {
                    value -= factor[(i * size) + k] * factor[(j * size) + k];
                }

                factor[(i * size) + j] = i == j ? Math.Sqrt(Math.Max(value, smallestPivot)) : value / factor[(j * size) + j];
            }

            for (int k = 0; k < i; k++)
            {
                x[i] -= factor[(i * size) + k] * x[k];
            }

            x[i] /= factor[(i * size) + i];
        }

        for (int i = size - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < size; k++)
            {
                x[i] -= factor[(k * size) + i] * x[k];
            }

            x[i] /= factor[(i * size) + i];
        }

        return x;
    }
}
