using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// A reader that reads at its own position only, by a small network f. A source's part in what is written is r_u times the network's Jacobian averaged along the straight
/// path from the slot's mean to what was read in that row (integrated gradients: Sundararajan, Taly and Yan, 2017), so that the parts of all sources sum to
/// f(x) - f(mean); like every contribution, it is centred slot by slot. What outputs mean for the vector read is taken with the mean of these Jacobians at each slot.
/// </summary>
/// <remarks>
/// With one layer of hidden units the average is V diag(q) W without any sum over the path: q is the difference quotient (g(z) - g(z_mean)) / (z - z_mean) of a unit's
/// input z, the same for all sources.
/// </remarks>
internal sealed class NetworkMap : TiedMap
{
    private const int Hidden = ReaderNetwork.Hidden;

    // Half the smallest distance over which a difference quotient is taken: the error of that and the one of float32 are then both about 1e-5.
    private const float HalfStep = 0.01f;
    private const int RowsAtOnce = 1024;
    private readonly float[] _quotients;
    private readonly double[] _meanQuotients;

    /// <summary>Takes the difference quotients of the network's units at every row.</summary>
    /// <param name="node">The reader.</param>
    /// <param name="network">The network.</param>
    /// <param name="layout">The rows.</param>
    /// <param name="read">What is read, centred slot by slot: rows x width.</param>
    /// <param name="means">What was taken from each slot's rows, slots x width.</param>
    /// <param name="share">The penalty's share of the linear map that the network replaces.</param>
    /// <param name="explained">Share explained on held-out samples.</param>
    public NetworkMap(int node, ReaderNetwork network, SampleLayout layout, ReadOnlySpan<float> read, ReadOnlySpan<float> means, double share, double explained)
        : base(node, share, explained)
    {
        Network = network;
        _quotients = new float[checked(layout.Rows * Hidden)];
        MatrixProduct.Gemm(false, false, layout.Rows, Hidden, network.Read, 1f, read, network.Read, network.InputWeights, Hidden, 0f, _quotients, Hidden);
        float[] atMean = network.HiddenInputs(means);
        DeterministicParallel.For((layout.Rows + RowsAtOnce - 1) / RowsAtOnce, task =>
        {
            int first = task * RowsAtOnce;
            int rows = Math.Min(RowsAtOnce, layout.Rows - first);
            TakeQuotients(_quotients.AsSpan(first * Hidden, rows * Hidden), first, layout.Slots, atMean);
        });
        _meanQuotients = new double[layout.Slots * Hidden];
        for (int row = 0; row < layout.Rows; row++)
        {
            int slot = row % layout.Slots;
            for (int unit = 0; unit < Hidden && layout.IsReal[row]; unit++)
            {
                _meanQuotients[(slot * Hidden) + unit] += _quotients[(row * Hidden) + unit] / (double)layout.RealCount[slot];
            }
        }
    }

    /// <summary>The network.</summary>
    public ReaderNetwork Network { get; }

    /// <inheritdoc/>
    public override void Pull(SampleLayout layout, ReadOnlySpan<double> written, int outputs, Span<double> pulled)
    {
        double[] reading = new double[Network.InputWeights.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating<float, double>(Network.InputWeights, reading);
        double[] meaning = OfHidden(layout, written, outputs);
        int width = Network.Read;
        for (int slot = 0; slot < layout.Slots; slot++)
        {
            Span<double> own = meaning.AsSpan(slot * Hidden * outputs, Hidden * outputs);
            for (int unit = 0; unit < Hidden; unit++)
            {
                Span<double> row = own.Slice(unit * outputs, outputs);
                System.Numerics.Tensors.TensorPrimitives.Multiply(row, _meanQuotients[(slot * Hidden) + unit], row);
            }

            MatrixProduct.Gemm(
                false, false, width, outputs, Hidden, 1.0, reading, Hidden, own, outputs, 0.0, pulled.Slice(slot * width * outputs, width * outputs), outputs);
        }
    }

    /// <inheritdoc/>
    public override void Push(SourceRows source, ReaderScale scale, ReadOnlySpan<double> written, ReadOnlySpan<double> pulled, int outputs, Span<float> result)
    {
        SampleLayout layout = source.Layout;
        double[] reading = new double[Network.InputWeights.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating<float, double>(Network.InputWeights, reading);
        scale.Project(reading, Network.Read, Hidden);
        float[] matrix = [.. source.InCoordinates(reading, 1, Hidden).Select(value => (float)value)];
        using NativeBuffer<float> hidden = new(_quotients.Length, zeroed: false);
        MatrixProduct.Gemm(false, false, layout.Rows, Hidden, source.Columns, 1f, source.Values, source.Columns, matrix, Hidden, 0f, hidden.Span, Hidden);
        System.Numerics.Tensors.TensorPrimitives.Multiply(hidden.Span, _quotients, hidden.Span);
        layout.Centre(hidden.Span, Hidden);
        float[] meaning = [.. OfHidden(layout, written, outputs).Select(value => (float)value)];
        int columns = layout.Slots * Hidden;
        MatrixProduct.Gemm(false, false, layout.Samples, outputs, columns, 1f, hidden.Span, columns, meaning, outputs, 0f, result, outputs);
    }

    // W T, slot by slot: what outputs mean for the hidden units, (slots x hidden) x outputs.
    private double[] OfHidden(SampleLayout layout, ReadOnlySpan<double> written, int outputs)
    {
        int targets = Network.Written;
        double[] last = new double[Network.OutputWeights.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating<float, double>(Network.OutputWeights, last);
        double[] product = new double[layout.Slots * Hidden * outputs];
        for (int slot = 0; slot < layout.Slots; slot++)
        {
            MatrixProduct.Gemm(
                false, false, Hidden, outputs, targets, 1.0, last, targets, written.Slice(slot * targets * outputs, targets * outputs), outputs, 0.0,
                product.AsSpan(slot * Hidden * outputs), outputs);
        }

        return product;
    }

    // From the distances z - z_mean of some rows' units to the quotients over them, or, where they are small, over a step about their middle.
    private static void TakeQuotients(Span<float> distances, int firstRow, int slots, float[] atMean)
    {
        float[] high = new float[distances.Length];
        float[] low = new float[distances.Length];
        for (int i = 0; i < distances.Length; i++)
        {
            int slot = (firstRow + (i / Hidden)) % slots;
            float middle = atMean[(slot * Hidden) + (i % Hidden)] + (distances[i] / 2);
            float half = Math.Max(HalfStep, Math.Abs(distances[i] / 2));
            (high[i], low[i]) = (middle + half, middle - half);
        }

        System.Numerics.Tensors.TensorPrimitives.Subtract(high, low, distances);
        ReaderNetwork.Activate(high);
        ReaderNetwork.Activate(low);
        System.Numerics.Tensors.TensorPrimitives.Subtract(high, low, high);
        System.Numerics.Tensors.TensorPrimitives.Divide(high, distances, distances);
    }
}
