using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
    public static bool TryFactorise(int n, Span<double> a, int lda, out int pivot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        MatrixArguments.CheckMatrix("A", n, n, a.Length, lda);
        if (n > Block)
        {
            return TryFactoriseBlocks(n, a, lda, out pivot);
        }

        pivot = FactoriseBlock(n, a, lda);
        return pivot < 0;
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

    private static unsafe bool TryFactoriseBlocks(int n, Span<double> a, int lda, out int pivot)
    {
        int length = a.Length;
        double[] inverse = ArrayPool<double>.Shared.Rent(Block * Block);
        fixed (double* pinned = a)
        {
            double* start = pinned;
            for (int column = 0; column < n; column += Block)
            {
                int width = Math.Min(Block, n - column), next = column + width, left = column;
                pivot = FactoriseBlock(width, a[((column * lda) + column)..], lda);
                if (pivot >= 0)
                {
                    pivot += column;
                    ArrayPool<double>.Shared.Return(inverse);
                    return false;
                }

                // Rows below the block, one stripe per task: first the panel P := P L^-T, then everything to its right up to the diagonal.
                InvertBlock(width, a[((column * lda) + column)..], lda, inverse);
                int stripes = (n - next + Block - 1) / Block;
                DeterministicParallel.For(stripes, stripe =>
                {
                    int row = next + (stripe * Block);
                    MultiplyPanel(Math.Min(Block, n - row), width, new Span<double>(start, length)[((row * lda) + left)..], lda, inverse);
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

        ArrayPool<double>.Shared.Return(inverse);
        pivot = -1;
        return true;
    }

    /// <summary>
    /// The plain factorisation of a small matrix; the row whose pivot is not positive, or -1. It works on the transpose in a block of its own,
    /// where every update runs along a row: U[i, i..] -= U[k, i] U[k, i..] for the rows i below k.
    /// </summary>
    private static int FactoriseBlock(int n, Span<double> a, int lda)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(Block * Block);
        Span<double> upper = rented.AsSpan(0, n * n);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                upper[(j * n) + i] = a[(i * lda) + j];
            }
        }

        int failed = FactoriseUpper(n, upper);
        for (int i = 0; i < n && failed < 0; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                a[(i * lda) + j] = upper[(j * n) + i];
            }
        }

        ArrayPool<double>.Shared.Return(rented);
        return failed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FactoriseUpper(int n, Span<double> upper)
    {
        for (int k = 0; k < n; k++)
        {
            Span<double> row = upper.Slice((k * n) + k, n - k);
            if (!(row[0] > 0 && double.IsFinite(row[0])))
            {
                return k;
            }

            double root = Math.Sqrt(row[0]), reciprocal = 1 / root;
            for (int j = 1; j < row.Length; j++)
            {
                row[j] *= reciprocal;
            }

            row[0] = root;
            for (int i = 1; i < row.Length; i++)
            {
                AddScaled(-row[i], row[i..], upper.Slice(((k + i) * n) + k + i, n - k - i));
            }
        }

        return -1;
    }

    /// <summary>The inverse of the lower triangle of a small matrix, its zeros included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InvertBlock(int n, ReadOnlySpan<double> factor, int ldl, Span<double> inverse)
    {
        // Row i of L^-1 is (e_i - sum over j < i of L[i,j] times row j of it) / L[i,i].
        inverse = inverse[..(n * n)];
        inverse.Clear();
        for (int i = 0; i < n; i++)
        {
            Span<double> row = inverse.Slice(i * n, i + 1);
            for (int j = 0; j < i; j++)
            {
                AddScaled(-factor[(i * ldl) + j], inverse.Slice(j * n, j + 1), row[..(j + 1)]);
            }

            row[i] = 1;
            double reciprocal = 1 / factor[(i * ldl) + i];
            for (int j = 0; j <= i; j++)
            {
                row[j] *= reciprocal;
            }
        }
    }

    /// <summary>P := P L^-T for some rows of the panel, by a product with the inverse.</summary>
    private static void MultiplyPanel(int rows, int width, Span<double> panel, int lda, ReadOnlySpan<double> inverse)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(Block * Block);
        Span<double> copy = rented.AsSpan(0, rows * width);
        for (int i = 0; i < rows; i++)
        {
            panel.Slice(i * lda, width).CopyTo(copy[(i * width)..]);
        }

        MatrixBackend.Default.Gemm(false, true, rows, width, width, 1.0, copy, width, inverse, width, 0.0, panel, lda);
        ArrayPool<double>.Shared.Return(rented);
    }

    // The square on the diagonal, its lower triangle only: what lies above belongs to the caller.
    private static void UpdateDiagonal(int rows, int width, ReadOnlySpan<double> panel, Span<double> square, int lda)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(Block * Block);
        Span<double> product = rented.AsSpan(0, rows * rows);
        MatrixBackend.Default.Gemm(false, true, rows, rows, width, 1.0, panel, lda, panel, lda, 0.0, product, rows);
        for (int i = 0; i < rows; i++)
        {
            AddScaled(-1, product.Slice(i * rows, i + 1), square.Slice(i * lda, i + 1));
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    private static void AddScaled(double factor, ReadOnlySpan<double> x, Span<double> y)
    {
        ReadOnlySpan<Vector<double>> source = MemoryMarshal.Cast<double, Vector<double>>(x);
        Span<Vector<double>> sum = MemoryMarshal.Cast<double, Vector<double>>(y[..x.Length])[..source.Length];
        Vector<double> scale = new(factor);
        for (int i = 0; i < source.Length; i++)
        {
            sum[i] += scale * source[i];
        }

        for (int k = source.Length * Vector<double>.Count; k < x.Length; k++)
        {
            y[k] += factor * x[k];
        }
    }
}
