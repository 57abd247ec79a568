using System.Numerics;

namespace CircuitLasso.Numerics;

/// <summary>The one place where the arguments of a product are checked; after it, kernels may use bare pointers.</summary>
internal static class MatrixArguments
{
    /// <summary>Checks dimensions, leading dimensions and lengths of C := alpha op(A) op(B) + beta C.</summary>
    /// <exception cref="ArgumentException">One of them does not fit the others.</exception>
    public static void CheckProduct(bool transposeA, bool transposeB, int m, int n, int k, int lengthA, int lda, int lengthB, int ldb, int lengthC, int ldc)
    {
        if ((m | n | k) < 0)
        {
            throw new ArgumentException($"A product has no negative dimensions: m {m}, n {n}, k {k}.");
        }

        CheckMatrix("A", transposeA ? k : m, transposeA ? m : k, lengthA, lda);
        CheckMatrix("B", transposeB ? n : k, transposeB ? k : n, lengthB, ldb);
        CheckMatrix("C", m, n, lengthC, ldc);
    }

    /// <summary>Finishes the products that read neither A nor B: an empty C, no inner dimension, or a zero factor. C := beta C then.</summary>
    /// <returns>Whether the product was one of these and is done.</returns>
    public static bool ScaleOnly<T>(int m, int n, int k, T alpha, T beta, Span<T> c, int ldc)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (m == 0 || n == 0)
        {
            return true;
        }

        if (k != 0 && alpha != T.Zero)
        {
            return false;
        }

        for (int i = 0; i < m; i++)
        {
            foreach (ref T element in c.Slice(i * ldc, n))
            {
                element = beta == T.Zero ? T.Zero : beta * element;
            }
        }

        return true;
    }

    /// <summary>Checks that a row-major matrix of rows x columns with this leading dimension fits into so many elements.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static void CheckMatrix(string name, int rows, int columns, int length, int leadingDimension)
    {
        if (leadingDimension < columns)
        {
            throw new ArgumentException($"{name} has {columns} columns and its rows lie {leadingDimension} apart.");
        }

        // Both factors are below 2^31, so the product fits a long.
        long needed = rows == 0 || columns == 0 ? 0 : ((long)(rows - 1) * leadingDimension) + columns;
        if (length < needed)
        {
            throw new ArgumentException($"{name} ({rows} x {columns}, leading dimension {leadingDimension}) needs {needed} elements and has {length}.");
        }
    }
}
