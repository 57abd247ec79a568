using System.Numerics;
using System.Runtime.CompilerServices;

namespace CircuitLasso.Numerics;

/// <summary>
/// The blocked product of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (ACM TOMS 34(3), 2008): blocks of A that
/// stay in the second-level cache and panels of B that stay in the first are packed into the order in which the micro-kernel reads them.
/// </summary>
internal static unsafe class PackedProduct<T, TKernel>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TKernel : struct, IMicroKernel
{
    /// <summary>Inner dimension of a block: a panel of B (two vectors wide) takes at most 32 KiB.</summary>
    private const int BlockDepth = 256;

    /// <summary>Columns of a block of B, which stays in the third-level cache.</summary>
    private const int BlockColumns = 2048;

    /// <summary>Rows of a block of A: half a megabyte at most, a multiple of every micro-kernel's rows.</summary>
    private static int BlockRows => 480 * sizeof(float) / sizeof(T);

    /// <summary>C := alpha A B + beta C; nothing is empty and alpha is not zero.</summary>
    public static void Run(int m, int n, int k, T alpha, StridedMatrix<T> a, StridedMatrix<T> b, T beta, StridedMatrix<T> c)
    {
        // Narrow results are computed transposed where that leaves much less of the micro-kernel's block idle; writing C across its rows has a price.
        if (3 * Padded(n, m) < 2 * Padded(m, n))
        {
            (m, n) = (n, m);
            (a, b, c) = (b.Transposed, a.Transposed, c.Transposed);
        }

        int kernelRows = TKernel.Rows;
        int kernelColumns = TKernel.Columns<T>();
        int depthStep = EvenStep(k, BlockDepth, 1);
        int rowStep = EvenStep(m, BlockRows, kernelRows);
        int columnStep = EvenStep(n, BlockColumns, kernelColumns);
        T* packedA = PackBuffer.Get<T>(((nint)depthStep * (rowStep + columnStep)) + (kernelRows * kernelColumns) + 64);
        T* packedB = packedA + ((nint)depthStep * rowStep);
        packedB += (16 - ((nint)depthStep * rowStep % 16)) % 16;
        T* block = packedB + ((nint)depthStep * columnStep);
        for (int column = 0; column < n; column += columnStep)
        {
            int columns = Math.Min(columnStep, n - column);
            for (int inner = 0; inner < k; inner += depthStep)
            {
                int depth = Math.Min(depthStep, k - inner);
                T factor = inner == 0 ? beta : T.One;
                StridedMatrix<T> blockB = new(b.At(inner, column), b.RowStride, b.ColumnStride);

                // With one panel of A every element of B is read once, and full panels of a B with contiguous rows are read where they lie.
                int inPlace = m <= kernelRows && b.ColumnStride == 1 ? columns / kernelColumns * kernelColumns : 0;
                PanelPacking.Pack(blockB.At(0, inPlace), b.ColumnStride, b.RowStride, columns - inPlace, depth, kernelColumns, packedB);
                for (int row = 0; row < m; row += rowStep)
                {
                    int rows = Math.Min(rowStep, m - row);
                    PanelPacking.Pack(a.At(row, inner), a.RowStride, a.ColumnStride, rows, depth, kernelRows, packedA);
                    StridedMatrix<T> blockC = new(c.At(row, column), c.RowStride, c.ColumnStride);
                    for (int across = 0; across < columns; across += kernelColumns)
                    {
                        int width = Math.Min(kernelColumns, columns - across);
                        StridedMatrix<T> panelC = new(blockC.At(0, across), c.RowStride, c.ColumnStride);
                        if (across < inPlace)
                        {
                            MultiplyPanel(rows, width, depth, alpha, packedA, blockB.Start + across, b.RowStride, factor, panelC, block);
                        }
                        else
                        {
                            MultiplyPanel(rows, width, depth, alpha, packedA, packedB + ((nint)(across - inPlace) * depth), kernelColumns, factor, panelC, block);
                        }
                    }
                }
            }
        }
    }

    /// <summary>All rows of a block times one panel of B. The last block of rows, and a narrow panel, go by way of <paramref name="block"/>.</summary>
    private static void MultiplyPanel(int rows, int width, int depth, T alpha, T* a, T* b, nint strideB, T beta, StridedMatrix<T> c, T* block)
    {
        int kernelRows = TKernel.Rows;
        int kernelColumns = TKernel.Columns<T>();
        bool whole = width == kernelColumns && c.ColumnStride == 1;
        for (int row = 0; row < rows; row += kernelRows, a += (nint)kernelRows * depth)
        {
            int height = Math.Min(kernelRows, rows - row);
            if (whole && height == kernelRows)
            {
                TKernel.Multiply(depth, a, b, strideB, c.At(row, 0), c.RowStride, alpha, beta);
            }
            else
            {
                TKernel.Multiply(depth, a, b, strideB, block, kernelColumns, alpha, T.Zero);
                if (c.ColumnStride == 1)
                {
                    WriteRows(height, width, block, beta, c.At(row, 0), c.RowStride);
                }
                else
                {
                    WriteColumns(height, width, block, beta, c.At(row, 0), c.ColumnStride);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteRows(int height, int width, T* block, T beta, T* c, nint rowStride)
    {
        Vector<T> factor = Vector.Create(beta);
        for (int i = 0; i < height; i++, c += rowStride, block += TKernel.Columns<T>())
        {
            int j = 0;
            if (beta == T.Zero)
            {
                for (; j <= width - Vector<T>.Count; j += Vector<T>.Count)
                {
                    Vector.Store(Vector.Load(block + j), c + j);
                }

                for (; j < width; j++)
                {
                    c[j] = block[j];
                }
            }
            else
            {
                for (; j <= width - Vector<T>.Count; j += Vector<T>.Count)
                {
                    Vector.Store(Vector.Load(block + j) + (factor * Vector.Load(c + j)), c + j);
                }

                for (; j < width; j++)
                {
                    c[j] = block[j] + (beta * c[j]);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteColumns(int height, int width, T* block, T beta, T* c, nint columnStride)
    {
        for (int j = 0; j < width; j++, c += columnStride, block++)
        {
            T* element = block;
            for (int i = 0; i < height; i++, element += TKernel.Columns<T>())
            {
                c[i] = beta == T.Zero ? *element : *element + (beta * c[i]);
            }
        }
    }

    private static long Padded(int rows, int columns) =>
        (long)RoundUp(rows, TKernel.Rows) * RoundUp(columns, TKernel.Columns<T>());

    /// <summary>The step that cuts an extent into the fewest equal parts of at most <paramref name="most"/>, rounded up to a multiple of the granularity.</summary>
    private static int EvenStep(int extent, int most, int granularity)
    {
        int parts = (int)(((long)extent + most - 1) / most);
        return (int)RoundUp((int)(((long)extent + parts - 1) / parts), granularity);
    }

    private static long RoundUp(int value, int granularity) => ((long)value + granularity - 1) / granularity * granularity;
}
