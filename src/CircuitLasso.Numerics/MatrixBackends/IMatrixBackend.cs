namespace CircuitLasso.Numerics;

/// <summary>
/// Dense matrix products on one thread; callers parallelise over blocks. Matrices are row-major: element (i, j) of A is <c>a[i * lda + j]</c>.
/// Implementations are thread-safe and, for one implementation and instruction set, return the same bytes for the same arguments.
/// </summary>
public interface IMatrixBackend
{
    /// <summary>What computes, for people: library or instruction set with its version.</summary>
    string Name { get; }

    /// <summary>C := alpha op(A) op(B) + beta C, where op(X) is X or its transpose, op(A) is m x k, op(B) is k x n and C is m x n.</summary>
    /// <param name="transposeA">Whether op(A) is the transpose of the stored A (then stored k x m).</param>
    /// <param name="transposeB">Whether op(B) is the transpose of the stored B (then stored n x k).</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">The inner dimension; zero scales C by beta.</param>
    /// <param name="alpha">Factor of the product; when it is zero A and B are not read.</param>
    /// <param name="a">A.</param>
    /// <param name="lda">Elements from one stored row of A to the next.</param>
    /// <param name="b">B.</param>
    /// <param name="ldb">Elements from one stored row of B to the next.</param>
    /// <param name="beta">Factor of C; when it is zero C is not read (it may hold NaN).</param>
    /// <param name="c">C.</param>
    /// <param name="ldc">Elements from one row of C to the next.</param>
    /// <exception cref="ArgumentException">A span is too short for its dimensions, or a leading dimension is too small.</exception>
    void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc);

    /// <inheritdoc cref="Gemm(bool, bool, int, int, int, float, ReadOnlySpan{float}, int, ReadOnlySpan{float}, int, float, Span{float}, int)"/>
    void Gemm(bool transposeA, bool transposeB, int m, int n, int k, double alpha, ReadOnlySpan<double> a, int lda, ReadOnlySpan<double> b, int ldb, double beta, Span<double> c, int ldc);
}
