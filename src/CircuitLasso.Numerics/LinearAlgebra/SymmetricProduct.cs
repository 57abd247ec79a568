using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>
/// Products of a matrix with its own transpose. Parallel over tiles that follow from the dimensions alone: the same bytes for any number of
/// threads. Thread-safe.
/// </summary>
public static class SymmetricProduct
{
    private const int TileSide = 256;
    private const int MirrorSide = 32;

    /// <summary>Elements converted to double at a time, so that they stay in the last cache.</summary>
    private const int ConvertedElements = 1 << 19;

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

    /// <summary>C := alpha A A' + beta C in double precision, all of it, exactly symmetric.</summary>
    /// <param name="n">Rows of A, rows and columns of C.</param>
    /// <param name="columns">Columns of A.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A, row-major.</param>
    /// <param name="lda">Elements from one row of A to the next.</param>
    /// <param name="beta">Factor of C; when it is zero C is not read.</param>
    /// <param name="c">C, row-major and symmetric: only its upper triangle counts, both are written.</param>
    /// <param name="ldc">Elements from one row of C to the next.</param>
    /// <exception cref="ArgumentException">A dimension is negative, a span is too short, or a leading dimension too small.</exception>
    public static void RankKTransposed(int n, int columns, double alpha, ReadOnlySpan<double> a, int lda, double beta, Span<double> c, int ldc)
    {
        MatrixArguments.CheckProduct(transposeA: false, transposeB: true, n, n, columns, a.Length, lda, a.Length, lda, c.Length, ldc);
        AddBlock(false, columns, n, alpha, a, lda, beta, c, ldc);
        Mirror(n, c, ldc);
    }

    private static void Run<T>(int rows, int n, double alpha, ReadOnlySpan<T> a, int lda, double beta, Span<double> c, int ldc)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        MatrixArguments.CheckProduct(transposeA: true, transposeB: false, n, n, rows, a.Length, lda, a.Length, lda, c.Length, ldc);
        if (rows == 0 || typeof(T) == typeof(double))
        {
            AddBlock(true, rows, n, alpha, rows == 0 ? default : MemoryMarshal.Cast<T, double>(a), lda, beta, c, ldc);
        }
        else
        {
            int height = Math.Min(rows, Math.Max(1, ConvertedElements / Math.Max(1, n)));
            using NativeBuffer<double> converted = new((nint)height * n, zeroed: false);
            for (int start = 0; start < rows; start += height)
            {
                int count = Math.Min(height, rows - start);
                for (int i = 0; i < count; i++)
                {
                    TensorPrimitives.ConvertTruncating(a.Slice((start + i) * lda, n), converted.Slice((nint)i * n, n));
                }

                AddBlock(true, count, n, alpha, converted.Span, n, start == 0 ? beta : 1, c, ldc);
            }
        }

        Mirror(n, c, ldc);
    }

    /// <summary>The upper triangle of C := alpha A'A + beta C, or with A A', tile by tile.</summary>
    private static unsafe void AddBlock(bool transposeFirst, int depth, int n, double alpha, ReadOnlySpan<double> a, int lda, double beta, Span<double> c, int ldc)
    {
        int side = (int)(((long)n + TileSide - 1) / TileSide);
        int lengthA = a.Length;
        int lengthC = c.Length;
        fixed (double* pinnedA = a, pinnedC = c)
        {
            double* pointerA = pinnedA;
            double* pointerC = pinnedC;
            DeterministicParallel.For(checked(side * (side + 1) / 2), task =>
            {
                (int tileRow, int tileColumn) = UpperTriangle(task, side);
                int row = tileRow * TileSide, height = Math.Min(TileSide, n - row);
                int column = tileColumn * TileSide, width = Math.Min(TileSide, n - column);
                ReadOnlySpan<double> matrix = new(pointerA, lengthA);
                Span<double> tile = new Span<double>(pointerC, lengthC)[((row * ldc) + column)..];
                ReadOnlySpan<double> left = depth == 0 ? default : matrix[(transposeFirst ? row : row * lda)..];
                ReadOnlySpan<double> right = depth == 0 ? default : matrix[(transposeFirst ? column : column * lda)..];
                MatrixBackend.Default.Gemm(transposeFirst, !transposeFirst, height, width, depth, alpha, left, lda, right, lda, beta, tile, ldc);
            });
        }
    }

    /// <summary>Copies the upper triangle into the lower one, square by square, so that both are near.</summary>
    private static void Mirror(int n, Span<double> c, int ldc)
    {
        for (int row = 0; row < n; row += MirrorSide)
        {
            for (int column = row; column < n; column += MirrorSide)
            {
                for (int j = column; j < Math.Min(column + MirrorSide, n); j++)
                {
                    Span<double> lower = c.Slice(j * ldc, Math.Min(j, row + MirrorSide));
                    for (int i = row; i < lower.Length; i++)
                    {
                        lower[i] = c[(i * ldc) + j];
                    }
                }
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
