using System.Numerics;

namespace CircuitLasso.Numerics;

/// <summary>The definition of every product, in plain loops: the slow twin that the fast backends are tested against.</summary>
public sealed class ScalarMatrixBackend : IMatrixBackend
{
    /// <inheritdoc/>
    public string Name => "scalar";

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc) =>
        Multiply(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, double alpha, ReadOnlySpan<double> a, int lda, ReadOnlySpan<double> b, int ldb, double beta, Span<double> c, int ldc) =>
        Multiply(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    private static void Multiply<T>(bool transposeA, bool transposeB, int m, int n, int k, T alpha, ReadOnlySpan<T> a, int lda, ReadOnlySpan<T> b, int ldb, T beta, Span<T> c, int ldc)
        where T : struct, IFloatingPointIeee754<T>
    {
        MatrixArguments.CheckProduct(transposeA, transposeB, m, n, k, a.Length, lda, b.Length, ldb, c.Length, ldc);
        int inner = alpha == T.Zero ? 0 : k;
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int p = 0; p < inner; p++)
                {
                    T left = transposeA ? a[(p * lda) + i] : a[(i * lda) + p];
                    T right = transposeB ? b[(j * ldb) + p] : b[(p * ldb) + j];
                    sum += double.CreateChecked(left) * double.CreateChecked(right);
                }

                T scaled = alpha * T.CreateChecked(sum);
                c[(i * ldc) + j] = beta == T.Zero ? scaled : scaled + (beta * c[(i * ldc) + j]);
            }
        }
    }
}
