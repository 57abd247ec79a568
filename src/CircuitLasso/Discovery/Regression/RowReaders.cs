using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// What sources have in the outputs by way of readers that all read rows of the residual stream by one matrix each, and then at most mix the rows of a sample: MLPs, logits,
/// and heads pooled by their patterns. The readers share a norm, and all of them are passed at once; sources are read as they were written, and the norm's factors are
/// applied to the few outputs instead. Immutable; several threads may ask for different sources.
/// </summary>
/// <remarks>
/// With M = A T_p the outputs that a row read at slot s has by way of slot p, factor f and pattern P, a source's part is the sum over s and p of P[p, s] (f[s] r[s] M - its mean
/// over samples), centred over samples at every p.
/// </remarks>
internal sealed class RowReaders
{
    // A matrix by slot written is worth its while while it is not much wider than the vectors that a head writes.
    private const int MostColumnsPerCoordinate = 2;
    private const long MostElements = 1L << 26;
    private readonly ComponentContributions _contributions;
    private readonly ReaderScale _scale;
    private readonly TiedMap[] _readers;
    private readonly int[] _slots;
    private readonly int _outputs;
    private readonly float[] _matrix;
    private readonly float[] _patterns;

    /// <summary>Prepares the readers' matrices and patterns.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="scale">The readers' norm.</param>
    /// <param name="readers">The readers: heads of one layer, each a <see cref="PooledHeadMap"/>, or one <see cref="PositionMap"/>.</param>
    /// <param name="written">What the outputs are of each reader's written coordinates, (slots x coordinates) x outputs.</param>
    /// <param name="outputs">Number of outputs.</param>
    public RowReaders(ComponentContributions contributions, ReaderScale scale, TiedMap[] readers, double[][] written, int outputs)
    {
        (_contributions, _scale, _readers, _outputs) = (contributions, scale, readers, outputs);
        SampleLayout layout = contributions.Layout;
        _slots = [.. Enumerable.Range(0, layout.Slots).Where(slot => written.Any(own =>
        {
            int perSlot = own.Length / layout.Slots;
            return own.AsSpan(slot * perSlot, perSlot).ContainsAnyExcept(0.0);
        }))];
        _matrix = Matrix(written);
        _patterns = readers[0] is PooledHeadMap ? Patterns() : [];
    }

    private int Columns => _slots.Length * _readers.Length * _outputs;

    /// <summary>Whether heads of these texts are best passed together.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="heads">How many heads.</param>
    /// <param name="outputs">Number of outputs.</param>
    public static bool SuitsHeads(ComponentContributions contributions, int heads, int outputs)
    {
        SampleLayout layout = contributions.Layout;
        AttentionDescription attention = contributions.Description.Attention;
        return layout.Slots * (long)outputs <= MostColumnsPerCoordinate * attention.HeadWidth * (attention.Causal ? 2 : 1)
            && Fits(contributions, heads, outputs)
            && (long)layout.Rows * layout.Slots * heads <= MostElements;
    }

    /// <summary>Whether the results for all sources of some readers are few enough to be held at once.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="readers">How many readers.</param>
    /// <param name="outputs">Number of outputs.</param>
    public static bool Fits(ComponentContributions contributions, int readers, int outputs) =>
        (long)readers * contributions.Graph.Nodes.Count * contributions.Layout.Samples * outputs <= MostElements;

    /// <summary>r A T of one source for every reader and sample.</summary>
    /// <param name="source">The source's rows, unscaled.</param>
    /// <param name="results">Readers x samples x outputs; overwritten.</param>
    public void Push(SourceRows source, Span<float> results)
    {
        SampleLayout layout = source.Layout;
        int columns = Columns;
        int each = _readers.Length * _outputs;
        float[] own = source.HasBasis ? new float[source.Columns * columns] : _matrix;
        if (source.HasBasis)
        {
            MatrixProduct.Gemm(false, false, source.Columns, columns, _contributions.Width, 1f, _contributions.Basis(source.Node), _contributions.Width, _matrix, columns, 0f, own, columns);
        }

        using NativeBuffer<float> read = new((nint)layout.Samples * columns, zeroed: false);
        using NativeBuffer<float> sums = new((nint)layout.Rows * each);
        float[] mean = new float[columns];
        for (int slot = 0; slot < layout.Slots; slot++)
        {
            (int first, int count) = WrittenFrom(slot);
            int width = count * each;
            if (width == 0)
            {
                continue;
            }

            MatrixProduct.Gemm(
                false, false, layout.Samples, width, source.Columns, 1f, source.Values[(slot * source.Columns)..], layout.Slots * source.Columns, own.AsSpan(first * each), columns, 0f,
                read.Span, width);
            Scale(slot, read.Span, mean.AsSpan(0, width));
            Mix(slot, first, count, read.Span, sums.Span);
        }

        layout.Centre(sums.Span, each);
        results.Clear();
        for (int row = 0; row < layout.Rows; row++)
        {
            for (int reader = 0; reader < _readers.Length; reader++)
            {
                Span<float> result = results.Slice(((reader * layout.Samples) + (row / layout.Slots)) * _outputs, _outputs);
                TensorPrimitives.Add(result, sums.Slice(((nint)row * each) + (reader * _outputs), _outputs), result);
            }
        }
    }

    // Which of the slots written can have read a slot.
    private (int First, int Count) WrittenFrom(int slot)
    {
        if (_patterns.Length == 0)
        {
            int at = Array.IndexOf(_slots, slot);
            return (Math.Max(at, 0), at < 0 ? 0 : 1);
        }

        int first = _contributions.Description.Attention.Causal ? _slots.Count(written => written < slot) : 0;
        return (first, _slots.Length - first);
    }

    // The norm's factors, and the slot's mean taken again.
    private void Scale(int slot, Span<float> read, Span<float> mean)
    {
        if (_scale.Factors is not { } factors)
        {
            return;
        }

        SampleLayout layout = _contributions.Layout;
        mean.Clear();
        for (int sample = 0; sample < layout.Samples; sample++)
        {
            Span<float> row = read.Slice(sample * mean.Length, mean.Length);
            TensorPrimitives.Multiply(row, factors[(sample * layout.Slots) + slot], row);
            TensorPrimitives.Add(mean, row, mean);
        }

        TensorPrimitives.Divide(mean, layout.RealCount[slot], mean);
        for (int sample = 0; sample < layout.Samples; sample++)
        {
            Span<float> row = read.Slice(sample * mean.Length, mean.Length);
            TensorPrimitives.Subtract(row, mean, row);
        }
    }

    private void Mix(int slot, int first, int count, ReadOnlySpan<float> read, Span<float> sums)
    {
        SampleLayout layout = _contributions.Layout;
        int each = _readers.Length * _outputs;
        for (int sample = 0; sample < layout.Samples; sample++)
        {
            if (!layout.IsReal[(sample * layout.Slots) + slot])
            {
                continue;
            }

            for (int k = 0; k < count; k++)
            {
                ReadOnlySpan<float> row = read.Slice(((sample * count) + k) * each, each);
                Span<float> sum = sums.Slice(((sample * layout.Slots) + _slots[first + k]) * each, each);
                if (_patterns.Length == 0)
                {
                    row.CopyTo(sum);
                    continue;
                }

                ReadOnlySpan<float> pattern = _patterns.AsSpan(((((slot * layout.Samples) + sample) * _slots.Length) + first + k) * _readers.Length, _readers.Length);
                if (_outputs == 1)
                {
                    TensorPrimitives.MultiplyAdd(row, pattern, sum, sum);
                    continue;
                }

                for (int reader = 0; reader < _readers.Length; reader++)
                {
                    Span<float> own = sum.Slice(reader * _outputs, _outputs);
                    TensorPrimitives.MultiplyAdd(row.Slice(reader * _outputs, _outputs), pattern[reader], own, own);
                }
            }
        }
    }

    // A T_p after the norm's projection: width x (slots written x readers x outputs).
    private float[] Matrix(double[][] written)
    {
        int width = _contributions.Width;
        int slots = _contributions.Layout.Slots;
        int columns = Columns;
        double[] matrix = new double[checked(width * columns)];
        for (int reader = 0; reader < _readers.Length; reader++)
        {
            ReadOnlySpan<double> coefficients = _readers[reader] is PooledHeadMap head ? head.Coefficients : ((PositionMap)_readers[reader]).Coefficients;
            int targets = coefficients.Length / width;
            for (int k = 0; k < _slots.Length; k++)
            {
                MatrixProduct.Gemm(
                    false, false, width, _outputs, targets, 1.0, coefficients, targets, written[reader].AsSpan(_slots[k] * targets * _outputs, targets * _outputs), _outputs, 0.0,
                    matrix.AsSpan(((k * _readers.Length) + reader) * _outputs), columns);
            }
        }

        _scale.Project(matrix, width, columns);
        float[] single = new float[matrix.Length];
        TensorPrimitives.ConvertTruncating<double, float>(matrix, single);
        return single;
    }

    // By slot read, sample, slot written and head.
    private float[] Patterns()
    {
        SampleLayout layout = _contributions.Layout;
        float[] patterns = new float[checked(layout.Rows * _slots.Length * _readers.Length)];
        for (int reader = 0; reader < _readers.Length; reader++)
        {
            ComponentNode head = _contributions.Graph.Nodes[_readers[reader].Node];
            for (int sample = 0; sample < layout.Samples; sample++)
            {
                ReadOnlySpan<float> pattern = _contributions.Pattern(head.Layer!.Value, head.Head!.Value, sample);
                for (int k = 0; k < _slots.Length; k++)
                {
                    for (int slot = 0; slot < layout.Slots; slot++)
                    {
                        patterns[((((slot * layout.Samples) + sample) * _slots.Length) + k) * _readers.Length + reader] = pattern[(_slots[k] * layout.Slots) + slot];
                    }
                }
            }
        }

        return patterns;
    }
}
