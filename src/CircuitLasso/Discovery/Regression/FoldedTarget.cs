using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// X'Y of one target matrix Y and its squares, by fold: with the design's <see cref="FoldedGram"/> all that a ridge regression and its held-out errors need.
/// Immutable.
/// </summary>
internal sealed class FoldedTarget
{
    // Rows converted to double at a time.
    private const int ConvertedElements = 1 << 18;

    /// <summary>Sums the products.</summary>
    /// <param name="x">Rows x stride of X, of which the first <paramref name="columns"/> columns count.</param>
    /// <param name="columns">Columns of X used.</param>
    /// <param name="xStride">Elements from one row of X to the next.</param>
    /// <param name="y">Y, from its first element on.</param>
    /// <param name="targets">Columns of Y.</param>
    /// <param name="yStride">Elements from one row of Y to the next.</param>
    /// <param name="foldStart">The first row of each fold, and the number of rows.</param>
    /// <param name="metric">Errors e are measured as e metric e' (targets x targets, symmetric); empty for e e'.</param>
    public FoldedTarget(
        ReadOnlySpan<float> x, int columns, int xStride, ReadOnlySpan<float> y, int targets, int yStride, int[] foldStart, double[] metric)
    {
        (Columns, Targets, Metric) = (columns, targets, metric);
        Cross = new double[foldStart.Length - 1][];
        Squares = new double[foldStart.Length - 1];
        for (int fold = 0; fold < Cross.Length; fold++)
        {
            Cross[fold] = new double[checked(columns * targets)];
            double[] own = new double[targets * targets];
            AddProducts(x, columns, xStride, y, targets, yStride, foldStart[fold], foldStart[fold + 1], Cross[fold]);
            AddProducts(y, targets, yStride, y, targets, yStride, foldStart[fold], foldStart[fold + 1], own);
            for (int i = 0; i < targets; i++)
            {
                for (int j = 0; j < targets; j++)
                {
                    Squares[fold] += own[(i * targets) + j] * (metric.Length > 0 ? metric[(i * targets) + j] : i == j ? 1 : 0);
                }
            }
        }
    }

    /// <summary>Columns of X.</summary>
    public int Columns { get; }

    /// <summary>Columns of Y.</summary>
    public int Targets { get; }

    /// <summary>X'Y by fold, columns x targets.</summary>
    public double[][] Cross { get; }

    /// <summary>||Y||^2 by fold, in the metric.</summary>
    public double[] Squares { get; }

    /// <summary>How errors are measured; empty for the plain sum of squares.</summary>
    public double[] Metric { get; }

    /// <summary>X'Y of all rows but those of one fold; of all rows with -1.</summary>
    public double[] CrossWithout(int fold)
    {
        double[] sum = new double[Cross[0].Length];
        for (int other = 0; other < Cross.Length; other++)
        {
            if (other != fold)
            {
                System.Numerics.Tensors.TensorPrimitives.Add(sum, Cross[other], sum);
            }
        }

        return sum;
    }

    /// <summary>||Y - X B||^2 over a fold's rows, from its products.</summary>
    /// <param name="gram">The design's products, of <see cref="Columns"/> columns or more.</param>
    /// <param name="fold">The fold.</param>
    /// <param name="coefficients">B, columns x targets.</param>
    public double Error(FoldedGram gram, int fold, ReadOnlySpan<double> coefficients)
    {
        // sum of Y'Y - 2 B'X'Y + B'X'X B, each times the metric.
        double[] product = new double[coefficients.Length];
        MatrixProduct.Gemm(false, false, Columns, Targets, Columns, 1.0, gram.Fold(fold), gram.Columns, coefficients, Targets, 0.0, product, Targets);
        System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(Cross[fold], -2.0, product, product);
        if (Metric.Length == 0)
        {
            return Squares[fold] + System.Numerics.Tensors.TensorPrimitives.Dot(coefficients, product);
        }

        double[] measured = new double[coefficients.Length];
        MatrixProduct.Gemm(false, false, Columns, Targets, Targets, 1.0, product, Targets, Metric, Targets, 0.0, measured, Targets);
        return Squares[fold] + System.Numerics.Tensors.TensorPrimitives.Dot<double>(coefficients, measured);
    }

    /// <summary>C := C + A'B over some rows, in double precision.</summary>
    internal static void AddProducts(ReadOnlySpan<float> a, int m, int aStride, ReadOnlySpan<float> b, int n, int bStride, int start, int end, Span<double> c)
    {
        int height = Math.Max(1, ConvertedElements / Math.Max(m, n));
        double[] left = new double[Math.Min(height, Math.Max(0, end - start)) * m];
        double[] right = new double[left.Length / m * n];
        for (int first = start; first < end; first += height)
        {
            int rows = Math.Min(height, end - first);
            for (int row = 0; row < rows; row++)
            {
                System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(a.Slice((first + row) * aStride, m), left.AsSpan(row * m, m));
                System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(b.Slice((first + row) * bStride, n), right.AsSpan(row * n, n));
            }

            MatrixProduct.Gemm(true, false, m, n, rows, 1.0, left, m, right, n, 1.0, c, n);
        }
    }
}
