using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// A head of longer texts: it reads its sources pooled by the attention pattern that was recorded for each sample, sum over s of pattern[p, s] x[s], by one matrix for all
/// slots. What outputs mean for the vector read is taken with the mean pattern.
/// </summary>
internal sealed class PooledHeadMap : LinearMap
{
    private readonly ComponentContributions _contributions;
    private readonly double[] _coefficients;
    private readonly Lazy<float[]> _single;
    private readonly double[] _meanPattern;

    /// <summary>Keeps the map.</summary>
    /// <param name="contributions">The contributions, with patterns; not owned.</param>
    /// <param name="node">The head.</param>
    /// <param name="coefficients">B, width x coordinates written.</param>
    /// <param name="share">The penalty's share.</param>
    /// <param name="explained">Share explained on held-out samples.</param>
    public PooledHeadMap(ComponentContributions contributions, int node, double[] coefficients, double share, double explained)
        : base(node, share, explained)
    {
        _contributions = contributions;
        _coefficients = coefficients;
        _single = Single(coefficients);
        SampleLayout layout = contributions.Layout;
        _meanPattern = new double[layout.Slots * layout.Slots];
        for (int sample = 0; sample < layout.Samples; sample++)
        {
            ReadOnlySpan<float> pattern = Pattern(sample);
            for (int i = 0; i < pattern.Length; i++)
            {
                _meanPattern[i] += pattern[i] / (double)layout.RealCount[i / layout.Slots];
            }
        }
    }

    /// <summary>B, width x coordinates written.</summary>
    public ReadOnlySpan<double> Coefficients => _coefficients;

    /// <summary>Mixes rows by a head's pattern, sample by sample, and centres them slot by slot.</summary>
    /// <param name="contributions">The contributions, with patterns.</param>
    /// <param name="node">The head.</param>
    /// <param name="rows">Rows x columns.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="mixed">Rows x columns; overwritten.</param>
    public static void Mix(ComponentContributions contributions, int node, ReadOnlySpan<float> rows, int columns, Span<float> mixed)
    {
        SampleLayout layout = contributions.Layout;
        ComponentNode head = contributions.Graph.Nodes[node];
        int length = layout.Slots * columns;
        for (int sample = 0; sample < layout.Samples; sample++)
        {
            MatrixProduct.Gemm(
                false, false, layout.Slots, columns, layout.Slots, 1f, contributions.Pattern(head.Layer!.Value, head.Head!.Value, sample), layout.Slots,
                rows.Slice(sample * length, length), columns, 0f, mixed.Slice(sample * length, length), columns);
        }

        layout.Centre(mixed, columns);
    }

    /// <inheritdoc/>
    public override void Pull(SampleLayout layout, ReadOnlySpan<double> written, int outputs, Span<double> pulled)
    {
        int targets = written.Length / layout.Slots / outputs;
        int width = _coefficients.Length / targets;
        double[] mixed = new double[written.Length];
        MatrixProduct.Gemm(true, false, layout.Slots, targets * outputs, layout.Slots, 1.0, _meanPattern, layout.Slots, written, targets * outputs, 0.0, mixed, targets * outputs);
        for (int slot = 0; slot < layout.Slots; slot++)
        {
            MatrixProduct.Gemm(
                false, false, width, outputs, targets, 1.0, _coefficients, targets, mixed.AsSpan(slot * targets * outputs, targets * outputs), outputs, 0.0,
                pulled.Slice(slot * width * outputs, width * outputs), outputs);
        }
    }

    /// <inheritdoc/>
    public override void Push(SourceRows source, ReaderScale scale, ReadOnlySpan<double> written, ReadOnlySpan<double> pulled, int outputs, Span<float> result)
    {
        SampleLayout layout = source.Layout;
        int targets = written.Length / layout.Slots / outputs;
        double[] reading = [.. _coefficients];
        scale.Project(reading, _contributions.Width, targets);
        float[] matrix = [.. source.InCoordinates(reading, 1, targets).Select(value => (float)value)];
        using NativeBuffer<float> read = new((nint)layout.Rows * targets, zeroed: false);
        using NativeBuffer<float> mixed = new((nint)layout.Rows * targets, zeroed: false);
        MatrixProduct.Gemm(false, false, layout.Rows, targets, source.Columns, 1f, source.Values, source.Columns, matrix, targets, 0f, read.Span, targets);
        Mix(_contributions, Node, read.Span, targets, mixed.Span);
        float[] last = new float[written.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(written, last);
        int columns = layout.Slots * targets;
        MatrixProduct.Gemm(false, false, layout.Samples, outputs, columns, 1f, mixed.Span, columns, last, outputs, 0f, result, outputs);
    }

    /// <inheritdoc/>
    public override void PullRows(SampleBlock block, ReadOnlySpan<float> read, ReadOnlySpan<float> written, Span<float> pulled)
    {
        int rows = block.Rows * block.Probes;
        int targets = written.Length / rows;
        int width = _coefficients.Length / targets;
        int slots = block.Rows / block.Samples;
        int length = slots * targets;
        using NativeBuffer<float> mixed = new(written.Length, zeroed: false);
        for (int i = 0; i < block.Samples * block.Probes; i++)
        {
            MatrixProduct.Gemm(
                true, false, slots, targets, slots, 1f, Pattern(block.First + (i % block.Samples)), slots, written.Slice(i * length, length), targets, 0f,
                mixed.Slice((nint)i * length, length), targets);
        }

        MatrixProduct.Gemm(false, true, rows, width, targets, 1f, mixed.Span, targets, _single.Value, targets, 0f, pulled, width);
    }

    private ReadOnlySpan<float> Pattern(int sample)
    {
        ComponentNode head = _contributions.Graph.Nodes[Node];
        return _contributions.Pattern(head.Layer!.Value, head.Head!.Value, sample);
    }
}
