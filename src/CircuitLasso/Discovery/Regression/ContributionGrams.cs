using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Collects, reader by reader, the Gram matrix of what its sources have in the outputs: G[u, w] = sum over samples and outputs of (r_u A T) (r_w A T). Its
/// <see cref="Add"/> is shown to <see cref="BackwardRelevance"/>, whose readers come one after the other, each with all its sources. Owns memory for one reader.
/// </summary>
internal sealed class ContributionGrams : IDisposable
{
    private const int ColumnsAtOnce = 4096;
    private readonly ComponentGraph _graph;
    private readonly NativeBuffer<float> _parts;
    private readonly double[]?[] _grams;
    private readonly int _columns;
    private int _arrived;

    /// <summary>Starts with none.</summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="columns">Samples times outputs.</param>
    public ContributionGrams(ComponentGraph graph, int columns)
    {
        _graph = graph;
        _columns = columns;
        _parts = new NativeBuffer<float>((nint)(graph.Nodes.Count - 1) * columns, zeroed: false);
        _grams = new double[graph.Nodes.Count][];
    }

    /// <summary>The Gram matrix of a reader, sources x sources.</summary>
    /// <param name="reader">The reader.</param>
    public double[] this[int reader] => _grams[reader] ?? throw new InvalidOperationException("This reader's sources have not all been seen.");

    /// <summary>Takes one source's part; several threads may call it for different sources of one reader.</summary>
    public void Add(int source, int reader, ReadOnlySpan<float> projected)
    {
        projected.CopyTo(_parts.Slice((nint)source * _columns, _columns));
        if (Interlocked.Increment(ref _arrived) == _graph.SourceCount(reader))
        {
            _arrived = 0;
            _grams[reader] = Gram(_graph.SourceCount(reader));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _parts.Dispose();

    private double[] Gram(int sources)
    {
        double[] gram = new double[sources * sources];
        double[] block = new double[sources * Math.Min(ColumnsAtOnce, _columns)];
        for (int start = 0; start < _columns; start += ColumnsAtOnce)
        {
            int count = Math.Min(ColumnsAtOnce, _columns - start);
            for (int source = 0; source < sources; source++)
            {
                System.Numerics.Tensors.TensorPrimitives.ConvertTruncating<float, double>(_parts.Slice(((nint)source * _columns) + start, count), block.AsSpan(source * count, count));
            }

            SymmetricProduct.RankKTransposed(sources, count, 1, block, count, 1, gram, sources);
        }

        return gram;
    }
}
