using System.Numerics;
using System.Runtime.Intrinsics;

namespace CircuitLasso.Numerics;

/// <summary>
/// The product that the program calls: C is cut into tiles, which <see cref="MatrixBackend.Default"/> computes on
/// <see cref="DeterministicParallel.Threads"/> threads. Thread-safe.
/// </summary>
/// <remarks>
/// The tiles follow from the dimensions alone, so the result is the same bytes for any number of threads. Small products run at once on the
/// calling thread, and so does everything called from inside a task of <see cref="DeterministicParallel"/>.
/// Products with very few rows or columns (a single token) go to <see cref="SimdMatrixBackend"/> also where OpenBLAS computes the others: they
/// read a matrix once, and OpenBLAS copies it first, at a fraction of the rate (bench/README.md).
/// </remarks>
public static class MatrixProduct
{
    private static readonly SimdMatrixBackend _narrow = new();

    /// <inheritdoc cref="IMatrixBackend.Gemm(bool, bool, int, int, int, float, ReadOnlySpan{float}, int, ReadOnlySpan{float}, int, float, Span{float}, int)"/>
    public static void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc) =>
        Gemm(MatrixBackend.Default, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    /// <inheritdoc cref="IMatrixBackend.Gemm(bool, bool, int, int, int, double, ReadOnlySpan{double}, int, ReadOnlySpan{double}, int, double, Span{double}, int)"/>
    public static void Gemm(bool transposeA, bool transposeB, int m, int n, int k, double alpha, ReadOnlySpan<double> a, int lda, ReadOnlySpan<double> b, int ldb, double beta, Span<double> c, int ldc) =>
        Gemm(MatrixBackend.Default, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    /// <summary>The backend that computes a product of m rows and n columns, and every tile of it.</summary>
    internal static IMatrixBackend For(IMatrixBackend backend, int m, int n) =>
        backend is OpenBlasBackend && Vector128.IsHardwareAccelerated && Math.Min(m, n) <= NarrowProduct.MostRows ? _narrow : backend;

    /// <summary>The same with a backend of the caller's choice.</summary>
    internal static unsafe void Gemm<T>(IMatrixBackend backend, bool transposeA, bool transposeB, int m, int n, int k, T alpha, ReadOnlySpan<T> a, int lda, ReadOnlySpan<T> b, int ldb, T beta, Span<T> c, int ldc)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        backend = For(backend, m, n);
        TilePartition tiles = TilePartition.OfProduct(m, n, k);
        if (tiles.Count <= 1)
        {
            backend.Gemm(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
            return;
        }

        MatrixArguments.CheckProduct(transposeA, transposeB, m, n, k, a.Length, lda, b.Length, ldb, c.Length, ldc);
        int lengthA = a.Length;
        int lengthB = b.Length;
        int lengthC = c.Length;
        fixed (T* pinnedA = a, pinnedB = b, pinnedC = c)
        {
            // Spans cannot enter a lambda; the blocks stay pinned until the loop has returned.
            T* pointerA = pinnedA;
            T* pointerB = pinnedB;
            T* pointerC = pinnedC;
            DeterministicParallel.For(tiles.Count, tile =>
            {
                (int row, int rows, int column, int columns) = tiles[tile];
                int offsetA = transposeA ? row : row * lda;
                int offsetB = transposeB ? column * ldb : column;
                int offsetC = (row * ldc) + column;
                backend.Gemm(
                    transposeA,
                    transposeB,
                    rows,
                    columns,
                    k,
                    alpha,
                    new ReadOnlySpan<T>(pointerA + offsetA, lengthA - offsetA),
                    lda,
                    new ReadOnlySpan<T>(pointerB + offsetB, lengthB - offsetB),
                    ldb,
                    beta,
                    new Span<T>(pointerC + offsetC, lengthC - offsetC),
                    ldc);
            });
        }
    }
}
