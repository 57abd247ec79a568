using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;

namespace CircuitLasso.Numerics;

/// <summary>
/// Products of a matrix with its own transpose. Parallel over tiles that follow from the dimensions alone: the same bytes for any number of
/// threads. Thread-safe.
/// </summary>
public static class SymmetricProduct
{
    private const int TileSide = 192;

    /// <summary>Rows converted to double at a time, so that the converted tiles stay in the second-level cache.</summary>
    private const int ConvertedRows = 128;

    /// <summary>C := alpha A'A + beta C in double precision, all of it, exactly symmetric. Products of float32 values are exact in double.</summary>
    /// <param name="rows">Rows of A.</param>
    /// <param name="n">Columns of A, rows and columns of C.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A, row-major.</param>
    /// <param name="lda">Elements from one row of A to the next.</param>
    /// <param name="beta">Factor of C; when it is zero C is not read.</param>
    /// <param name="c">C, row-major and symmetric: only its upper triangle counts, both are written.</param>
    /// <param name="ldc">Elements from one row of C to the next.</param>
    /// <exception cref="ArgumentException">A dimension is negative, a span is too short, or a leading dimension too small.</exception>
    public static void RankK(int rows, int n, double alpha, ReadOnlySpan<float> a, int lda, double beta, Span<double> c, int ldc) =>
        Run(rows, n, alpha, a, lda, beta, c, ldc);

    /// <inheritdoc cref="RankK(int, int, double, ReadOnlySpan{float}, int, double, Span{double}, int)"/>
    public static void RankK(int rows, int n, double alpha, ReadOnlySpan<double> a, int lda, double beta, Span<double> c, int ldc) =>
        Run(rows, n, alpha, a, lda, beta, c, ldc);

    private static unsafe void Run<T>(int rows, int n, double alpha, ReadOnlySpan<T> a, int lda, double beta, Span<double> c, int ldc)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        MatrixArguments.CheckProduct(transposeA: true, transposeB: false, n, n, rows, a.Length, lda, a.Length, lda, c.Length, ldc);
        int side = (int)(((long)n + TileSide - 1) / TileSide);
        int lengthA = a.Length;
        int lengthC = c.Length;
        fixed (T* pinnedA = a)
        {
            fixed (double* pinnedC = c)
            {
                T* pointerA = pinnedA;
                double* pointerC = pinnedC;
                DeterministicParallel.For(checked(side * (side + 1) / 2), task =>
                {
                    (int tileRow, int tileColumn) = UpperTriangle(task, side);
                    int row = tileRow * TileSide;
                    int column = tileColumn * TileSide;
                    ReadOnlySpan<T> matrix = new(pointerA, lengthA);
                    Span<double> result = new(pointerC, lengthC);
                    Tile(rows, row, Math.Min(TileSide, n - row), column, Math.Min(TileSide, n - column), alpha, matrix, lda, beta, result, ldc);
                });
            }
        }
    }

    private static void Tile<T>(int rows, int row, int height, int column, int width, double alpha, ReadOnlySpan<T> a, int lda, double beta, Span<double> c, int ldc)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<double> tile = c[((row * ldc) + column)..];
        if (rows == 0 || typeof(T) == typeof(double))
        {
            ReadOnlySpan<double> matrix = System.Runtime.InteropServices.MemoryMarshal.Cast<T, double>(a);
            ReadOnlySpan<double> left = rows == 0 ? default : matrix[row..];
            ReadOnlySpan<double> right = rows == 0 ? default : matrix[column..];
            MatrixBackend.Default.Gemm(true, false, height, width, rows, alpha, left, lda, right, lda, beta, tile, ldc);
        }
        else
        {
            double[] left = ArrayPool<double>.Shared.Rent(ConvertedRows * TileSide);
            double[] right = ArrayPool<double>.Shared.Rent(ConvertedRows * TileSide);
            for (int start = 0; start < rows; start += ConvertedRows)
            {
                int count = Math.Min(ConvertedRows, rows - start);
                Convert(a[((start * lda) + row)..], lda, count, height, left);
                if (column != row)
                {
                    Convert(a[((start * lda) + column)..], lda, count, width, right);
                }

                MatrixBackend.Default.Gemm(true, false, height, width, count, alpha, left, TileSide, column == row ? left : right, TileSide, start == 0 ? beta : 1, tile, ldc);
            }

            ArrayPool<double>.Shared.Return(left);
            ArrayPool<double>.Shared.Return(right);
        }

        Mirror(row, height, column, width, c, ldc);
    }

    private static void Convert<T>(ReadOnlySpan<T> a, int lda, int rows, int columns, double[] converted)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < rows; i++)
        {
            TensorPrimitives.ConvertTruncating(a.Slice(i * lda, columns), converted.AsSpan(i * TileSide, columns));
        }
    }

    private static void Mirror(int row, int height, int column, int width, Span<double> c, int ldc)
    {
        for (int j = 0; j < width; j++)
        {
            Span<double> lower = c.Slice(((column + j) * ldc) + row, row == column ? j : height);
            for (int i = 0; i < lower.Length; i++)
            {
                lower[i] = c[((row + i) * ldc) + column + j];
            }
        }
    }

    // Tiles of the upper triangle, row after row.
    private static (int Row, int Column) UpperTriangle(int tile, int side)
    {
        int row = 0;
        while (tile >= side - row)
        {
            tile -= side - row;
            row++;
        }

        return (row, row + tile);
    }
}
