using System.Buffers;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// X'Y by fold for all heads of a layer together, where every head reads all slots: X is what they read, samples x (slots x width), and Y what they write, slot by slot
/// and head by head. In a causal model only the products of a slot with itself and later ones are computed; the others are zero. Immutable.
/// </summary>
internal sealed class HeadProducts
{
    // Elements converted to double at a time, so that they stay in the cache.
    private const int ConvertedElements = 1 << 17;
    private readonly double[][] _cross;
    private readonly double[][] _squares;
    private readonly int _heads;
    private readonly int _slots;
    private readonly int _width;

    /// <summary>Sums the products.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="heads">The heads of one layer, as nodes.</param>
    /// <param name="read">X.</param>
    /// <param name="foldStart">The first sample of each fold, and the number of samples.</param>
    public HeadProducts(ComponentContributions contributions, int[] heads, ReadOnlySpan<float> read, int[] foldStart)
    {
        SampleLayout layout = contributions.Layout;
        (_heads, _slots, _width) = (heads.Length, layout.Slots, contributions.Width);
        Targets = contributions.CoordinateWidth(heads[0]);
        SourceRows[] written = [.. heads.Select(head => new SourceRows(contributions, head, null))];
        int columns = _slots * _width;
        int outputs = _slots * _heads * Targets;
        int height = Math.Max(1, ConvertedElements / Math.Max(columns, outputs));
        double[] x = ArrayPool<double>.Shared.Rent(height * columns);
        double[] y = ArrayPool<double>.Shared.Rent(height * outputs);
        _cross = new double[foldStart.Length - 1][];
        _squares = new double[_cross.Length][];
        for (int fold = 0; fold < _cross.Length; fold++)
        {
            _cross[fold] = new double[checked(columns * outputs)];
            _squares[fold] = new double[outputs * _heads * Targets];
            for (int first = foldStart[fold]; first < foldStart[fold + 1]; first += height)
            {
                int samples = Math.Min(height, foldStart[fold + 1] - first);
                FoldedTarget.Widen(read[(first * columns)..], samples, columns, columns, x);
                for (int h = 0; h < _heads; h++)
                {
                    Interleave(written[h].Values.Slice(first * _slots * Targets, samples * _slots * Targets), y.AsSpan(h * Targets));
                }

                Add(fold, samples, x, y, contributions.Description.Attention.Causal);
            }
        }

        ArrayPool<double>.Shared.Return(x);
        ArrayPool<double>.Shared.Return(y);
        foreach (SourceRows rows in written)
        {
            rows.Dispose();
        }
    }

    /// <summary>Columns of Y of one head at one slot.</summary>
    public int Targets { get; }

    /// <summary>What all heads write at one slot, regressed on the slots up to it, or on all where the model looks ahead.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="leading">Columns of X that are read there.</param>
    /// <param name="metrics">How each head's errors are measured.</param>
    public FoldedTarget AtSlot(int slot, int leading, double[][] metrics)
    {
        int each = _heads * Targets;
        double[][] cross = new double[_cross.Length][];
        double[][] squares = new double[_cross.Length][];
        for (int fold = 0; fold < cross.Length; fold++)
        {
            cross[fold] = new double[leading * each];
            for (int row = 0; row < leading; row++)
            {
                _cross[fold].AsSpan((((row * _slots) + slot) * each), each).CopyTo(cross[fold].AsSpan(row * each));
            }

            squares[fold] = new double[_heads];
            for (int i = 0; i < Targets; i++)
            {
                for (int h = 0; h < _heads; h++)
                {
                    int at = (((slot * each) + (h * Targets) + i) * each) + (h * Targets);
                    squares[fold][h] += System.Numerics.Tensors.TensorPrimitives.Dot<double>(_squares[fold].AsSpan(at, Targets), metrics[h].AsSpan(i * Targets, Targets));
                }
            }
        }

        return new FoldedTarget(leading, cross, squares, metrics);
    }

    /// <summary>X'Y of one head over all folds, (slots x width) x (slots x targets).</summary>
    /// <param name="head">Which of the heads.</param>
    public double[] OfHead(int head)
    {
        double[] sum = new double[_slots * _width * _slots * Targets];
        for (int i = 0; i < sum.Length; i += Targets)
        {
            Span<double> own = sum.AsSpan(i, Targets);
            foreach (double[] cross in _cross)
            {
                System.Numerics.Tensors.TensorPrimitives.Add(own, cross.AsSpan((i * _heads) + (head * Targets), Targets), own);
            }
        }

        return sum;
    }

    // One head's columns of Y, every slot's beside those of the other heads.
    private void Interleave(ReadOnlySpan<float> rows, Span<double> y)
    {
        for (int i = 0; i < rows.Length / Targets; i++)
        {
            Span<double> own = y.Slice(i * _heads * Targets, Targets);
            for (int j = 0; j < own.Length; j++)
            {
                own[j] = rows[(i * Targets) + j];
            }
        }
    }

    private void Add(int fold, int samples, double[] x, double[] y, bool causal)
    {
        int each = _heads * Targets;
        int columns = _slots * _width;
        int outputs = _slots * each;
        for (int slot = 0; slot < _slots; slot++)
        {
            int start = slot * each;
            MatrixProduct.Gemm(true, false, each, each, samples, 1.0, y.AsSpan(start), outputs, y.AsSpan(start), outputs, 1.0, _squares[fold].AsSpan(start * each), each);
        }

        for (int slot = 0; slot < (causal ? _slots : 1); slot++)
        {
            int start = slot * each;
            int row = slot * _width;
            MatrixProduct.Gemm(
                true, false, causal ? _width : columns, outputs - start, samples, 1.0, x.AsSpan(row), columns, y.AsSpan(start), outputs, 1.0,
                _cross[fold].AsSpan((row * outputs) + start), outputs);
        }
    }
}
