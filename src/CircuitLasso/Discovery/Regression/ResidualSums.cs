using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The residual stream as the sum of its components' contributions, place by place in computation order: what the readers of a place read, up to the norm's gain and
/// bias. Owns its memory; not thread-safe.
/// </summary>
/// <param name="contributions">The contributions.</param>
internal sealed class ResidualSums(ComponentContributions contributions) : IDisposable
{
    private readonly NativeBuffer<float> _sum = new((nint)contributions.Layout.Rows * contributions.Width);
    private int _added;

    /// <summary>Rows x width: the sum of the components that a node may read, with the attention biases before it. Ends with the next call.</summary>
    /// <param name="node">A node; not before one that was asked for earlier.</param>
    public ReadOnlySpan<float> Before(int node)
    {
        Span<float> sum = _sum.Span;
        for (; _added < contributions.Graph.SourceCount(node); _added++)
        {
            contributions.AddTo(_added, sum);
            if (contributions.Graph.Nodes[_added] is { Kind: CircuitNodeKind.AttentionHead } head && head.Head == contributions.Description.Attention.Heads - 1)
            {
                AddBias(sum, contributions.OutputBias(head.Layer!.Value));
            }
        }

        return sum;
    }

    /// <summary>What the norm makes of <see cref="Before"/>, before its gain and bias and centred slot by slot.</summary>
    /// <param name="node">As there.</param>
    /// <param name="read">Rows x width.</param>
    /// <param name="means">Receives what was taken from each slot's rows, slots x width; empty where it is not wanted.</param>
    public ReaderScale Read(int node, Span<float> read, Span<float> means = default)
    {
        int width = contributions.Width;
        SampleLayout layout = contributions.Layout;
        ReadOnlySpan<float> sum = Before(node);
        NormalizationDescription norm = contributions.Description.Normalization;
        bool removesMean = norm.RemovesMean;
        float[]? factors = norm.Kind == NormalizationKind.None ? null : new float[layout.Rows];
        sum.CopyTo(read);
        for (int row = 0; factors is not null && row < factors.Length; row++)
        {
            if (layout.IsReal[row])
            {
                factors[row] = Normalize(read.Slice(row * width, width), removesMean, norm.Epsilon);
            }
        }

        layout.Centre(read, width, means);
        return new ReaderScale(layout, factors, removesMean);
    }

    /// <inheritdoc/>
    public void Dispose() => _sum.Dispose();

    private static float Normalize(Span<float> row, bool removesMean, float epsilon)
    {
        double mean = 0;
        double square = 0;
        foreach (float value in row)
        {
            mean += removesMean ? value : 0;
        }

        mean /= row.Length;
        foreach (float value in row)
        {
            square += (value - mean) * (value - mean);
        }

        double factor = 1 / Math.Sqrt((square / row.Length) + epsilon);
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (float)((row[i] - mean) * factor);
        }

        return (float)factor;
    }

    private void AddBias(Span<float> sum, ReadOnlySpan<float> bias)
    {
        for (int row = 0; row < contributions.Layout.Rows && bias.Length > 0; row++)
        {
            if (contributions.Layout.IsReal[row])
            {
                Span<float> target = sum.Slice(row * bias.Length, bias.Length);
                System.Numerics.Tensors.TensorPrimitives.Add(target, bias, target);
            }
        }
    }
}
