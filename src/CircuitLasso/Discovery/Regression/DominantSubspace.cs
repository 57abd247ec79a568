namespace CircuitLasso;

/// <summary>The directions in which some centred rows vary, as an orthonormal basis of few columns. What contributions vary in is far less than the residual stream's width.</summary>
internal static class DominantSubspace
{
    /// <summary>Squares outside the subspace, as a share of all: far below what the smallest ridge penalty leaves of a direction.</summary>
    public const double NeglectedShare = 1e-6;

    /// <summary>The range of a covariance up to a share of its trace, by Cholesky's factorisation with pivots (Golub and Van Loan, 4th edition, section 4.2.8).</summary>
    /// <param name="size">Rows and columns.</param>
    /// <param name="covariance">Symmetric, row-major, positive semi-definite.</param>
    /// <param name="most">Most columns of the basis.</param>
    /// <returns>Orthonormal columns, one after the other (each of <paramref name="size"/> numbers); none where the covariance is zero.</returns>
    public static List<double[]> Of(int size, ReadOnlySpan<double> covariance, int most)
    {
        double[] remaining = new double[size];
        for (int i = 0; i < size; i++)
        {
            remaining[i] = covariance[(i * size) + i];
        }

        double neglected = NeglectedShare * remaining.Sum();
        List<double[]> factor = [];
        while (factor.Count < Math.Min(size, most) && remaining.Sum() > neglected)
        {
            int pivot = Array.IndexOf(remaining, remaining.Max());
            double root = Math.Sqrt(remaining[pivot]);
            double[] column = covariance.Slice(pivot * size, size).ToArray();
            foreach (double[] earlier in factor)
            {
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(earlier, -earlier[pivot], column, column);
            }

            System.Numerics.Tensors.TensorPrimitives.Divide(column, root, column);
            factor.Add(column);
            for (int i = 0; i < size; i++)
            {
                remaining[i] = i == pivot ? 0 : Math.Max(0, remaining[i] - (column[i] * column[i]));
            }
        }

        return Orthonormal(factor);
    }

    // Gram and Schmidt, each column twice, which is enough for columns that are not dependent to working precision.
    private static List<double[]> Orthonormal(List<double[]> columns)
    {
        List<double[]> basis = [];
        foreach (double[] column in columns)
        {
            double before = System.Numerics.Tensors.TensorPrimitives.Norm<double>(column);
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] earlier in basis)
                {
                    System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(earlier, -System.Numerics.Tensors.TensorPrimitives.Dot<double>(earlier, column), column, column);
                }
            }

            double norm = System.Numerics.Tensors.TensorPrimitives.Norm<double>(column);
            if (norm > 1e-10 * before)
            {
                System.Numerics.Tensors.TensorPrimitives.Divide(column, norm, column);
                basis.Add(column);
            }
        }

        return basis;
    }
}
