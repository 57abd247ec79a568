using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// An MLP f that was fitted by its hidden units. A source's part in what is written is r_u times the Jacobian of f averaged along the straight path from the slot's mean to
/// what was read in that row (integrated gradients: Sundararajan, Taly and Yan, 2017), so that the parts of all sources sum to f(x) - f(mean).
/// </summary>
/// <remarks>
/// With one layer of hidden units the average is V diag(q) W without any sum over the path: q is the difference quotient (g(z) - g(z_mean)) / (z - z_mean) of a unit's
/// input z, the same for all sources.
/// </remarks>
internal sealed class HiddenUnitMap : TiedMap
{
    // Half the smallest distance over which a difference quotient is taken: the error of that and the one of float32 are then both about 1e-5.
    private const float HalfStep = 0.01f;
    private readonly float[] _atMean;
    private readonly int _slots;

    /// <summary>Keeps the MLP and what its units see at the mean.</summary>
    /// <param name="node">The reader.</param>
    /// <param name="mlp">The MLP.</param>
    /// <param name="means">The mean of what is read at each slot, slots x width.</param>
    /// <param name="share">The penalty's share of its regression.</param>
    /// <param name="explained">Share explained on held-out samples.</param>
    public HiddenUnitMap(int node, FittedMlp mlp, ReadOnlySpan<float> means, double share, double explained)
        : base(node, share, explained)
    {
        Mlp = mlp;
        _atMean = mlp.HiddenInputs(means);
        _slots = means.Length / mlp.Read;
    }

    /// <summary>The MLP.</summary>
    public FittedMlp Mlp { get; }

    /// <inheritdoc/>
    public override bool DependsOnRead => true;

    /// <inheritdoc/>
    public override void PullRows(SampleBlock block, ReadOnlySpan<float> read, ReadOnlySpan<float> written, Span<float> pulled)
    {
        (int width, int units, int targets) = (Mlp.Read, Mlp.Hidden, Mlp.Written);
        int length = block.Rows * units;
        using NativeBuffer<float> quotients = new(length, zeroed: false);
        MatrixProduct.Gemm(false, false, block.Rows, units, width, 1f, read, width, Mlp.InputWeights, units, 0f, quotients.Span, units);
        TakeQuotients(quotients.Span);
        using NativeBuffer<float> hidden = new((nint)length * block.Probes, zeroed: false);
        int rows = block.Rows * block.Probes;
        MatrixProduct.Gemm(false, true, rows, units, targets, 1f, written, targets, Mlp.OutputWeights, targets, 0f, hidden.Span, units);
        for (int probe = 0; probe < block.Probes; probe++)
        {
            Span<float> own = hidden.Slice((nint)probe * length, length);
            System.Numerics.Tensors.TensorPrimitives.Multiply(own, quotients.Span, own);
        }

        MatrixProduct.Gemm(false, true, rows, width, units, 1f, hidden.Span, units, Mlp.InputWeights, units, 0f, pulled, width);
    }

    // From the distances z - z_mean of whole samples' units to the quotients over them, or, where they are small, over a step about their middle.
    private void TakeQuotients(Span<float> distances)
    {
        float[] high = new float[distances.Length];
        float[] low = new float[distances.Length];
        int period = _slots * Mlp.Hidden;
        for (int start = 0; start < distances.Length; start += period)
        {
            for (int i = 0; i < period; i++)
            {
                float middle = _atMean[i] + (distances[start + i] / 2);
                float half = Math.Max(HalfStep, Math.Abs(distances[start + i] / 2));
                (high[start + i], low[start + i]) = (middle + half, middle - half);
            }
        }

        System.Numerics.Tensors.TensorPrimitives.Subtract(high, low, distances);
        Mlp.Activate(high);
        Mlp.Activate(low);
        System.Numerics.Tensors.TensorPrimitives.Subtract(high, low, high);
        System.Numerics.Tensors.TensorPrimitives.Divide(high, distances, distances);
    }
}
