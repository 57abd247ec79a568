using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A reader that reads at its own position only, by one matrix for all positions: an MLP, or the logits.</summary>
/// <param name="node">The reader.</param>
/// <param name="coefficients">B, width x coordinates written.</param>
/// <param name="share">The penalty's share.</param>
/// <param name="explained">Share explained on held-out samples.</param>
internal sealed class PositionMap(int node, double[] coefficients, double share, double explained) : LinearMap(node, share, explained)
{
    private readonly Lazy<float[]> _single = Single(coefficients);

    /// <summary>B, width x coordinates written.</summary>
    public ReadOnlySpan<double> Coefficients => coefficients;

    /// <inheritdoc/>
    public override void Pull(SampleLayout layout, ReadOnlySpan<double> written, int outputs, Span<double> pulled)
    {
        int targets = written.Length / layout.Slots / outputs;
        int width = coefficients.Length / targets;
        for (int slot = 0; slot < layout.Slots; slot++)
        {
            MatrixProduct.Gemm(
                false, false, width, outputs, targets, 1.0, coefficients, targets, written.Slice(slot * targets * outputs, targets * outputs), outputs, 0.0,
                pulled.Slice(slot * width * outputs, width * outputs), outputs);
        }
    }

    /// <inheritdoc/>
    public override void PullRows(SampleBlock block, ReadOnlySpan<float> read, ReadOnlySpan<float> written, Span<float> pulled)
    {
        int rows = block.Rows * block.Probes;
        int targets = written.Length / rows;
        MatrixProduct.Gemm(false, true, rows, coefficients.Length / targets, targets, 1f, written, targets, _single.Value, targets, 0f, pulled, coefficients.Length / targets);
    }
}
