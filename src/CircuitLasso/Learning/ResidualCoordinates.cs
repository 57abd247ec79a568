namespace CircuitLasso;

/// <summary>
/// Coordinates in which a head's few numbers measure what they are worth in the residual stream. A head with output z (row of head width numbers) and
/// output matrix W (model width x head width) writes z W'. With the Cholesky factor W'W = L L', the row z L has the same inner products as the written
/// vectors, (z L)(z L)' = (z W')(z W')', in head width instead of model width numbers.
/// </summary>
public static class ResidualCoordinates
{
    /// <summary>The factor L of one head.</summary>
    /// <param name="outputRows">The head's rows of the transposed output matrix W', head width x model width, row-major.</param>
    /// <param name="headWidth">Rows.</param>
    /// <returns>Lower triangular, head width x head width, row-major. A direction that writes nothing new gets a column of zeros.</returns>
    public static float[] Factor(ReadOnlySpan<float> outputRows, int headWidth)
    {
        int modelWidth = outputRows.Length / headWidth;
        double[] gram = new double[headWidth * headWidth];
        for (int i = 0; i < headWidth; i++)
        {
            for (int j = 0; j < headWidth; j++)
            {
                double sum = 0;
                for (int k = 0; k < modelWidth; k++)
                {
                    sum += (double)outputRows[(i * modelWidth) + k] * outputRows[(j * modelWidth) + k];
                }

                gram[(i * headWidth) + j] = sum;
            }
        }

        return Semidefinite(gram, headWidth);
    }

    // Cholesky of a positive semidefinite matrix: a pivot at the level of rounding is a dependent direction, whose column is zero.
    private static float[] Semidefinite(double[] gram, int size)
    {
        double tolerance = 0;
        for (int i = 0; i < size; i++)
        {
            tolerance = Math.Max(tolerance, gram[(i * size) + i] * 1e-12);
        }

        double[] factor = new double[size * size];
        for (int j = 0; j < size; j++)
        {
            double pivot = gram[(j * size) + j];
            for (int k = 0; k < j; k++)
            {
                pivot -= factor[(j * size) + k] * factor[(j * size) + k];
            }

            if (pivot <= tolerance)
            {
                continue;
            }

            double root = Math.Sqrt(pivot);
            factor[(j * size) + j] = root;
            for (int i = j + 1; i < size; i++)
            {
                double sum = gram[(i * size) + j];
                for (int k = 0; k < j; k++)
                {
                    sum -= factor[(i * size) + k] * factor[(j * size) + k];
                }

                factor[(i * size) + j] = sum / root;
            }
        }

        return [.. factor.Select(value => (float)value)];
    }
}
