using System.Buffers;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// X'Y of one target matrix Y and its squares, by fold: with the design's <see cref="FoldedGram"/> all that a ridge regression and its held-out errors need. The columns
/// of Y may belong to several readers, equally many to each, which choose their penalties apart. Immutable.
/// </summary>
internal sealed class FoldedTarget
{
    // Elements converted to double at a time, so that they stay in the cache.
    private const int ConvertedElements = 1 << 17;

    /// <summary>Sums the products of one reader.</summary>
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
        (Columns, Targets, Metrics) = (columns, targets, [metric]);
        Cross = new double[foldStart.Length - 1][];
        Squares = new double[foldStart.Length - 1][];
        double[] own = new double[metric.Length];
        for (int fold = 0; fold < Cross.Length; fold++)
        {
            Cross[fold] = new double[checked(columns * targets)];
            AddProducts(x, columns, xStride, y, targets, yStride, foldStart[fold], foldStart[fold + 1], Cross[fold]);
            Squares[fold] = new double[1];
            if (metric.Length > 0)
            {
                Array.Clear(own);
                AddProducts(y, targets, yStride, y, targets, yStride, foldStart[fold], foldStart[fold + 1], own);
                Squares[fold][0] = System.Numerics.Tensors.TensorPrimitives.Dot<double>(own, metric);
                continue;
            }

            for (int row = foldStart[fold]; row < foldStart[fold + 1]; row++)
            {
                Squares[fold][0] += WidenedSums.OfSquares(y.Slice(row * yStride, targets));
            }
        }
    }

    /// <summary>Keeps products of several readers.</summary>
    /// <param name="columns">Columns of X.</param>
    /// <param name="cross">X'Y by fold.</param>
    /// <param name="squares">Y's squares by fold and reader.</param>
    /// <param name="metrics">A metric a reader, as above.</param>
    public FoldedTarget(int columns, double[][] cross, double[][] squares, double[][] metrics)
    {
        (Columns, Targets, Cross, Squares, Metrics) = (columns, cross[0].Length / columns, cross, squares, metrics);
    }

    /// <summary>Columns of X.</summary>
    public int Columns { get; }

    /// <summary>Columns of Y, of all readers.</summary>
    public int Targets { get; }

    /// <summary>Number of readers.</summary>
    public int Readers => Metrics.Length;

    /// <summary>X'Y by fold, columns x targets.</summary>
    public double[][] Cross { get; }

    /// <summary>||Y||^2 by fold and reader, in its metric.</summary>
    public double[][] Squares { get; }

    /// <summary>How each reader's errors are measured; empty for the plain sum of squares.</summary>
    public double[][] Metrics { get; }

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

    /// <summary>||Y - X B||^2 over a fold's rows, by reader, from its products.</summary>
    /// <param name="gram">The design's products, of <see cref="Columns"/> columns or more.</param>
    /// <param name="fold">The fold.</param>
    /// <param name="coefficients">B, columns x targets.</param>
    public double[] Errors(FoldedGram gram, int fold, ReadOnlySpan<double> coefficients)
    {
        // sum of Y'Y - 2 B'X'Y + B'X'X B, each times the metric.
        double[] product = new double[coefficients.Length];
        MatrixProduct.Gemm(false, false, Columns, Targets, Columns, 1.0, gram.Fold(fold), gram.Columns, coefficients, Targets, 0.0, product, Targets);
        System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(Cross[fold], -2.0, product, product);
        double[] errors = [.. Squares[fold]];
        int each = Targets / Readers;
        double[] inner = new double[each * each];
        for (int reader = 0; reader < Readers; reader++)
        {
            if (Readers == 1 && Metrics[reader].Length == 0)
            {
                errors[reader] += System.Numerics.Tensors.TensorPrimitives.Dot(coefficients, product);
                continue;
            }

            MatrixProduct.Gemm(true, false, each, each, Columns, 1.0, coefficients[(reader * each)..], Targets, product.AsSpan(reader * each), Targets, 0.0, inner, each);
            for (int i = 0; i < each && Metrics[reader].Length == 0; i++)
            {
                errors[reader] += inner[(i * each) + i];
            }

            errors[reader] += Metrics[reader].Length == 0 ? 0 : System.Numerics.Tensors.TensorPrimitives.Dot<double>(inner, Metrics[reader]);
        }

        return errors;
    }

    /// <summary>C := C + A'B over some rows, in double precision.</summary>
    internal static void AddProducts(ReadOnlySpan<float> a, int m, int aStride, ReadOnlySpan<float> b, int n, int bStride, int start, int end, Span<double> c)
    {
        int height = Math.Max(1, ConvertedElements / Math.Max(m, n));
        double[] left = ArrayPool<double>.Shared.Rent(height * m);
        double[] right = ArrayPool<double>.Shared.Rent(height * n);
        for (int first = start; first < end; first += height)
        {
            int rows = Math.Min(height, end - first);
            Widen(a[(first * aStride)..], rows, m, aStride, left);
            Widen(b[(first * bStride)..], rows, n, bStride, right);
            MatrixProduct.Gemm(true, false, m, n, rows, 1.0, left, m, right, n, 1.0, c, n);
        }

        ArrayPool<double>.Shared.Return(left);
        ArrayPool<double>.Shared.Return(right);
    }

    /// <summary>The first columns of some rows, in double precision and without gaps.</summary>
    internal static void Widen(ReadOnlySpan<float> values, int rows, int columns, int stride, Span<double> widened)
    {
        if (columns == stride)
        {
            System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(values[..(rows * columns)], widened);
            return;
        }

        for (int row = 0; row < rows; row++)
        {
            System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(values.Slice(row * stride, columns), widened.Slice(row * columns, columns));
        }
    }
}
