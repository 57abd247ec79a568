using System.Buffers;
using System.Numerics.Tensors;

namespace CircuitLasso.Numerics;

/// <summary>
/// Float32 products summed in float64 and rounded once, by the float64 products of another backend: two to four times slower, and right to the last bit or so.
/// It answers whether a difference from a reference is a defect or float32 rounding.
/// </summary>
/// <param name="inner">Computes the float64 products.</param>
public sealed class Float64AccumulationBackend(IMatrixBackend inner) : IMatrixBackend
{
    /// <inheritdoc/>
    public string Name => inner.Name + ", float32 products summed in float64";

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc)
    {
        MatrixArguments.CheckProduct(transposeA, transposeB, m, n, k, a.Length, lda, b.Length, ldb, c.Length, ldc);
        if (MatrixArguments.ScaleOnly(m, n, k, alpha, beta, c, ldc))
        {
            return;
        }

        (int rowsA, int columnsA) = transposeA ? (k, m) : (m, k);
        (int rowsB, int columnsB) = transposeB ? (n, k) : (k, n);
        double[] wideA = Widen(a, rowsA, columnsA, lda);
        double[] wideB = Widen(b, rowsB, columnsB, ldb);
        double[] wideC = ArrayPool<double>.Shared.Rent(m * n);
        inner.Gemm(transposeA, transposeB, m, n, k, alpha, wideA, columnsA, wideB, columnsB, 0.0, wideC, n);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                ref float element = ref c[(i * ldc) + j];
                element = beta == 0 ? (float)wideC[(i * n) + j] : (float)(wideC[(i * n) + j] + ((double)beta * element));
            }
        }

        ArrayPool<double>.Shared.Return(wideA);
        ArrayPool<double>.Shared.Return(wideB);
        ArrayPool<double>.Shared.Return(wideC);
    }

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, double alpha, ReadOnlySpan<double> a, int lda, ReadOnlySpan<double> b, int ldb, double beta, Span<double> c, int ldc) =>
        inner.Gemm(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    // Without the gaps between rows: a tile's matrices may be a small part of what their spans cover.
    private static double[] Widen(ReadOnlySpan<float> values, int rows, int columns, int leadingDimension)
    {
        double[] wide = ArrayPool<double>.Shared.Rent(rows * columns);
        for (int i = 0; i < rows; i++)
        {
            TensorPrimitives.ConvertTruncating(values.Slice(i * leadingDimension, columns), wide.AsSpan(i * columns, columns));
        }

        return wide;
    }
}
