using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A head that reads every slot by a matrix of its own for each slot that it writes at.</summary>
/// <param name="node">The head.</param>
/// <param name="coefficients">B[s, p] for every source slot s and written slot p: (slots x width) x (slots x coordinates).</param>
/// <param name="share">The penalty's share.</param>
/// <param name="explained">Share explained on held-out samples, at the middle slot.</param>
internal sealed class SlotMap(int node, double[] coefficients, double share, double explained) : LinearMap(node, share, explained)
{
    private readonly Lazy<float[]> _single = Single(coefficients);

    /// <summary>B[s, p]: (slots x width) x (slots x coordinates).</summary>
    public ReadOnlySpan<double> Coefficients => coefficients;

    /// <inheritdoc/>
    public override void Pull(SampleLayout layout, ReadOnlySpan<double> written, int outputs, Span<double> pulled)
    {
        int targets = written.Length / outputs;
        MatrixProduct.Gemm(false, false, coefficients.Length / targets, outputs, targets, 1.0, coefficients, targets, written, outputs, 0.0, pulled, outputs);
    }

    /// <inheritdoc/>
    public override void PullRows(SampleBlock block, ReadOnlySpan<float> read, ReadOnlySpan<float> written, Span<float> pulled)
    {
        int samples = block.Samples * block.Probes;
        int targets = written.Length / samples;
        int columns = coefficients.Length / targets;
        MatrixProduct.Gemm(false, true, samples, columns, targets, 1f, written, targets, _single.Value, targets, 0f, pulled, columns);
    }
}
