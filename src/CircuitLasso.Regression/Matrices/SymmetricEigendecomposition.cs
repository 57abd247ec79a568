namespace CircuitLasso.Regression;

/// <summary>A = U diag(d) U' of a small symmetric matrix by Jacobi's rotations, row by row (Golub and Van Loan, 4th edition, section 8.5).</summary>
internal static class SymmetricEigendecomposition
{
    private const int MostSweeps = 60;

    /// <summary>Overwrites A by rotations until it is diagonal. Columns of U are the eigenvectors; a zero row of A keeps its unit vector exactly.</summary>
    /// <param name="size">Rows and columns.</param>
    /// <param name="a">A, row-major; on return its diagonal holds the eigenvalues, in no order.</param>
    /// <returns>U, row-major.</returns>
    public static double[] Compute(int size, double[] a)
    {
        double[] u = new double[size * size];
        double scale = 0;
        for (int i = 0; i < size; i++)
        {
            u[(i * size) + i] = 1;
            scale = Math.Max(scale, Math.Abs(a[(i * size) + i]));
        }

        bool rotated = size > 1;
        for (int sweep = 0; rotated && sweep < MostSweeps; sweep++)
        {
            rotated = false;
            for (int p = 0; p < size - 1; p++)
            {
                for (int q = p + 1; q < size; q++)
                {
                    double beside = a[(p * size) + q];
                    if (Math.Abs(beside) > Math.ScaleB(scale, -56))
                    {
                        rotated = true;
                        Rotate(size, a, u, p, q, beside);
                    }
                }
            }
        }

        return u;
    }

    private static void Rotate(int size, double[] a, double[] u, int p, int q, double beside)
    {
        double tau = (a[(q * size) + q] - a[(p * size) + p]) / (2 * beside);
        double tangent = double.IsInfinity(tau) ? 0 : (tau >= 0 ? 1 : -1) / (Math.Abs(tau) + double.Hypot(1, tau));
        double cosine = 1 / Math.Sqrt(1 + (tangent * tangent)), sine = tangent * cosine;
        double left = a[(p * size) + p] - (tangent * beside), right = a[(q * size) + q] + (tangent * beside);
        for (int k = 0; k < size; k++)
        {
            (double kp, double kq) = (a[(k * size) + p], a[(k * size) + q]);
            a[(k * size) + p] = a[(p * size) + k] = (cosine * kp) - (sine * kq);
            a[(k * size) + q] = a[(q * size) + k] = (sine * kp) + (cosine * kq);
            (double up, double uq) = (u[(k * size) + p], u[(k * size) + q]);
            u[(k * size) + p] = (cosine * up) - (sine * uq);
            u[(k * size) + q] = (sine * up) + (cosine * uq);
        }

        a[(p * size) + p] = left;
        a[(q * size) + q] = right;
        a[(p * size) + q] = a[(q * size) + p] = 0;
    }
}
