using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A reader by one matrix that is the same for every sample, or differs only by recorded attention. Immutable.</summary>
/// <param name="node">The reader in the component graph.</param>
/// <param name="share">The ridge penalty as a share of the design's mean diagonal.</param>
/// <param name="explained">Share of the written squares that is explained on held-out samples.</param>
internal abstract class LinearMap(int node, double share, double explained) : TiedMap(node, share, explained)
{
    /// <summary>A T: what outputs mean for the vector read, slot by slot.</summary>
    /// <param name="layout">The slots.</param>
    /// <param name="written">T, (slots x coordinates) x outputs: what the outputs are of the reader's written coordinates.</param>
    /// <param name="outputs">Number of outputs.</param>
    /// <param name="pulled">(slots x width) x outputs; overwritten.</param>
    public abstract void Pull(SampleLayout layout, ReadOnlySpan<double> written, int outputs, Span<double> pulled);

    /// <summary>r A T for every sample: the part of the outputs that a source has by way of this reader.</summary>
    /// <param name="source">The source as the reader's norm gives it, centred.</param>
    /// <param name="scale">The reader's norm.</param>
    /// <param name="written">T, as in <see cref="Pull"/>.</param>
    /// <param name="pulled">What <see cref="Pull"/> made of it, after <see cref="ReaderScale.Project"/>.</param>
    /// <param name="outputs">Number of outputs.</param>
    /// <param name="result">Samples x outputs; overwritten.</param>
    public virtual void Push(SourceRows source, ReaderScale scale, ReadOnlySpan<double> written, ReadOnlySpan<double> pulled, int outputs, Span<float> result)
    {
        SampleLayout layout = source.Layout;
        int columns = layout.Slots * source.Columns;
        double[] ownDouble = source.HasBasis ? source.InCoordinates(pulled, layout.Slots, outputs) : [];
        ReadOnlySpan<double> own = source.HasBasis ? ownDouble : pulled;
        using NativeBuffer<float> matrix = new(own.Length, zeroed: false);
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(own, matrix.Span);
        MatrixProduct.Gemm(false, false, layout.Samples, outputs, columns, 1f, source.Values, columns, matrix.Span, outputs, 0f, result, outputs);
    }
}
