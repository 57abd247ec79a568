namespace CircuitLasso;

/// <summary>
/// A stand-in for one reader: what it writes, from what it reads. Because it reads the sum of its sources' contributions, the same map (for every sample one of its own,
/// where the reader is not linear) takes every source's share to the share that the source has in what is written: A[u, v] is the same for all u. Vectors are those that
/// the norm gives, before its gain. Immutable.
/// </summary>
/// <param name="node">The reader in the component graph.</param>
/// <param name="share">The ridge penalty as a share of the design's mean diagonal.</param>
/// <param name="explained">Share of the written squares that is explained on held-out samples.</param>
internal abstract class TiedMap(int node, double share, double explained)
{
    /// <summary>The reader in the component graph.</summary>
    public int Node { get; } = node;

    /// <summary>The ridge penalty as a share of the design's mean diagonal.</summary>
    public double Share { get; } = share;

    /// <summary>Share of the written squares that is explained on held-out samples.</summary>
    public double Explained { get; } = explained;

    /// <summary>Whether <see cref="PullRows"/> looks at what is read.</summary>
    public virtual bool DependsOnRead => false;

    /// <summary>A t, row by row: what something that is a linear function t of what is written, is of what is read.</summary>
    /// <param name="block">The samples.</param>
    /// <param name="read">What is read, centred slot by slot: rows x width; empty unless <see cref="DependsOnRead"/>.</param>
    /// <param name="written">t, one coordinate vector a row and probe: probes x rows x coordinates.</param>
    /// <param name="pulled">Probes x rows x width; overwritten.</param>
    public abstract void PullRows(SampleBlock block, ReadOnlySpan<float> read, ReadOnlySpan<float> written, Span<float> pulled);

    /// <summary>A matrix in single precision, as rows are, once it is asked for.</summary>
    protected static Lazy<float[]> Single(double[] matrix) => new(() =>
    {
        float[] single = new float[matrix.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating<double, float>(matrix, single);
        return single;
    });
}
