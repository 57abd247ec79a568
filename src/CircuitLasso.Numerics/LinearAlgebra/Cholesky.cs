using System.Numerics.Tensors;

namespace CircuitLasso.Numerics;

/// <summary>
/// The factorisation A = L L' of a symmetric positive definite matrix in double precision, and solves with it. Right-looking over blocks of
/// columns (Golub and Van Loan, Matrix Computations, 4th edition, section 4.2.9). Parallel over parts that follow from the dimensions alone.
/// Thread-safe.
/// </summary>
public static class Cholesky
{
    private const int Block = 96;

    /// <summary>Replaces the lower triangle of A by L. The part above the diagonal is neither read nor written.</summary>
    /// <param name="n">Rows and columns of A.</param>
    /// <param name="a">A, row-major.</param>
    /// <param name="lda">Elements from one row to the next.</param>
    /// <param name="pivot">The first row whose pivot is not a positive finite number; -1 when there is none.</param>
    /// <returns>Whether A is positive definite as far as rounding lets one see; if not, the lower triangle is left half done.</returns>
    /// <exception cref="ArgumentException">The dimension is negative, the span too short, or the leading dimension too small.</exception>
    public static unsafe bool TryFactorise(int n, Span<double> a, int lda, out int pivot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        MatrixArguments.CheckMatrix("A", n, n, a.Length, lda);
        int length = a.Length;
        fixed (double* pinned = a)
        {
            double* start = pinned;
            for (int column = 0; column < n; column += Block)
            {
                int width = Math.Min(Block, n - column);
                Span<double> diagonal = a[((column * lda) + column)..];
                pivot = FactoriseBlock(width, diagonal, lda);
                if (pivot >= 0)
                {
                    pivot += column;
                    return false;
                }

                // Rows below the block, one stripe per task: first the panel, then everything to its right up to the diagonal.
                int next = column + width;
                int left = column;
                int stripes = (n - next + Block - 1) / Block;
                DeterministicParallel.For(stripes, stripe =>
                {
                    Span<double> all = new(start, length);
                    int row = next + (stripe * Block);
                    for (int i = row; i < Math.Min(row + Block, n); i++)
                    {
                        SolveRow(width, all[((left * lda) + left)..], lda, all.Slice((i * lda) + left, width));
                    }
                });
                DeterministicParallel.For(stripes, stripe =>
                {
                    Span<double> all = new(start, length);
                    int row = next + (stripe * Block);
                    int rows = Math.Min(Block, n - row);
                    MatrixBackend.Default.Gemm(false, true, rows, row - next, width, -1.0, all[((row * lda) + left)..], lda, all[((next * lda) + left)..], lda, 1.0, all[((row * lda) + next)..], lda);
                    UpdateDiagonal(rows, width, all[((row * lda) + left)..], all[((row * lda) + row)..], lda);
                });
            }
        }

        pivot = -1;
        return true;
    }

    /// <summary>B := A^-1 B = L'^-1 L^-1 B.</summary>
    /// <param name="n">Rows and columns of L, rows of B.</param>
    /// <param name="factor">What <see cref="TryFactorise"/> left; only the lower triangle is read.</param>
    /// <param name="ldl">Elements from one row of L to the next.</param>
    /// <param name="columns">Columns of B, the right-hand sides.</param>
    /// <param name="b">B, row-major, n x columns.</param>
    /// <param name="ldb">Elements from one row of B to the next.</param>
    /// <exception cref="ArgumentException">A dimension is negative, a span is too short, or a leading dimension too small.</exception>
    public static void Solve(int n, ReadOnlySpan<double> factor, int ldl, int columns, Span<double> b, int ldb)
    {
        SolveLower(n, factor, ldl, columns, b, ldb);
        SolveLowerTransposed(n, factor, ldl, columns, b, ldb);
    }

    /// <summary>B := L^-1 B.</summary>
    /// <inheritdoc cref="Solve"/>
    public static void SolveLower(int n, ReadOnlySpan<double> factor, int ldl, int columns, Span<double> b, int ldb)
    {
        Check(n, factor, ldl, columns, b, ldb);
        for (int row = 0; row < n && columns > 0; row += Block)
        {
            int rows = Math.Min(Block, n - row);
            MatrixProduct.Gemm(false, false, rows, columns, row, -1.0, factor[(row * ldl)..], ldl, b, ldb, 1.0, b[(row * ldb)..], ldb);
            for (int i = row; i < row + rows; i++)
            {
                Span<double> solution = b.Slice(i * ldb, columns);
                for (int j = row; j < i; j++)
                {
                    TensorPrimitives.MultiplyAdd(b.Slice(j * ldb, columns), -factor[(i * ldl) + j], solution, solution);
                }

                TensorPrimitives.Divide(solution, factor[(i * ldl) + i], solution);
            }
        }
    }

    /// <summary>B := L'^-1 B.</summary>
    /// <inheritdoc cref="Solve"/>
    public static void SolveLowerTransposed(int n, ReadOnlySpan<double> factor, int ldl, int columns, Span<double> b, int ldb)
    {
        Check(n, factor, ldl, columns, b, ldb);
        for (int row = (n - 1) / Block * Block; row >= 0 && n > 0 && columns > 0; row -= Block)
        {
            int rows = Math.Min(Block, n - row);
            int below = n - row - rows;
            if (below > 0)
            {
                MatrixProduct.Gemm(true, false, rows, columns, below, -1.0, factor[(((row + rows) * ldl) + row)..], ldl, b[((row + rows) * ldb)..], ldb, 1.0, b[(row * ldb)..], ldb);
            }

            for (int i = row + rows - 1; i >= row; i--)
            {
                Span<double> solution = b.Slice(i * ldb, columns);
                TensorPrimitives.Divide(solution, factor[(i * ldl) + i], solution);
                for (int j = row; j < i; j++)
                {
                    Span<double> earlier = b.Slice(j * ldb, columns);
                    TensorPrimitives.MultiplyAdd(solution, -factor[(i * ldl) + j], earlier, earlier);
                }
            }
        }
    }

    private static void Check(int n, ReadOnlySpan<double> factor, int ldl, int columns, Span<double> b, int ldb)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        MatrixArguments.CheckMatrix("L", n, n, factor.Length, ldl);
        MatrixArguments.CheckMatrix("B", n, columns, b.Length, ldb);
    }

    /// <summary>The plain factorisation, row after row; the row whose pivot is not positive, or -1.</summary>
    private static int FactoriseBlock(int n, Span<double> a, int lda)
    {
        for (int i = 0; i < n; i++)
        {
            Span<double> row = a.Slice(i * lda, i + 1);
            SolveRow(i, a, lda, row[..i]);
            double pivot = row[i] - TensorPrimitives.SumOfSquares<double>(row[..i]);
            if (!(pivot > 0 && double.IsFinite(pivot)))
            {
                return i;
            }

            row[i] = Math.Sqrt(pivot);
        }

        return -1;
    }

    /// <summary>x := L^-1 x for one row of the panel below (x' = x' L'^-1).</summary>
    private static void SolveRow(int n, ReadOnlySpan<double> factor, int ldl, Span<double> x)
    {
        for (int j = 0; j < n; j++)
        {
            x[j] = (x[j] - TensorPrimitives.Dot(x[..j], factor.Slice(j * ldl, j))) / factor[(j * ldl) + j];
        }
    }

    // The square on the diagonal, its lower triangle only: what lies above belongs to the caller.
    private static void UpdateDiagonal(int rows, int width, ReadOnlySpan<double> panel, Span<double> square, int lda)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                square[(i * lda) + j] -= TensorPrimitives.Dot(panel.Slice(i * lda, width), panel.Slice(j * lda, width));
            }
        }
    }
}
