using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// What part of the outputs every source has by way of every reader, sample by sample: the outputs' probes go backwards through the fitted readers, t_logits = probe,
/// t_u = sum over readers v of A[u, v] t_v with each sample's own A, and an edge's part is r_u A[u, v] t_v. Owns memory for all edges; immutable.
/// </summary>
/// <remarks>
/// A probe is a sum of all outputs with random signs, drawn anew for every block of samples: the mean of a product of two parts seen by random signs is their scalar product
/// over all outputs (Hutchinson, 1990), so one vector goes back through each sample and not one for each output. Few outputs are each a probe, and nothing is drawn.
/// Samples of a block share their signs, and a part is less its mean over the block, scaled so that expected squares stay.
/// </remarks>
internal sealed class ProbedRelevance : IDisposable
{
    private const int EnoughColumns = 2000;
    private const int MostProbes = 4;
    private const int MostBlockSamples = 32;
    private const int LeastBlockSamples = 4;
    private const long MostBlockElements = 1L << 23;
    private readonly ComponentContributions _contributions;
    private readonly TiedRegression _regression;
    private readonly SampleLayout _layout;
    private readonly ComponentGraph _graph;
    private readonly float[][] _means;
    private readonly float[][] _signs;
    private readonly NativeBuffer<float> _parts;
    private readonly NativeBuffer<float> _own;
    private readonly int _probes;
    private readonly int _columns;

    private ProbedRelevance(ComponentContributions contributions, TiedRegression regression, ulong seed, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        _contributions = contributions;
        _regression = regression;
        _layout = contributions.Layout;
        _graph = contributions.Graph;
        int outputs = checked(_layout.ScoredSlots.Length * regression.Outputs.Classes.Length);
        _probes = Math.Min(outputs, Math.Clamp((EnoughColumns + _layout.Samples - 1) / _layout.Samples, 1, MostProbes));
        _columns = checked(_probes * _layout.Samples);
        _means = [.. Enumerable.Range(0, _graph.Nodes.Count - 1).Select(node => _layout.Means(contributions.Coordinates(node), contributions.CoordinateWidth(node)))];
        long perSample = (long)(_graph.Nodes.Count + (3 * _probes)) * _layout.Slots * contributions.Width;
        int blockSamples = (int)Math.Clamp(MostBlockElements / perSample, LeastBlockSamples, MostBlockSamples);
        int blocks = Math.Max(1, _layout.Samples / blockSamples);
        _signs = DrawSigns(blocks, outputs, _probes, seed);
        _parts = new NativeBuffer<float>((nint)_graph.EdgeCount * _columns, zeroed: false);
        _own = new NativeBuffer<float>((nint)_graph.Nodes.Count * _columns);
        int done = 0;
        DeterministicParallel.For(
            blocks,
            index =>
            {
                int first = (int)((long)_layout.Samples * index / blocks);
                int end = (int)((long)_layout.Samples * (index + 1) / blocks);
                PassBack(new SampleBlock(first, end - first, (end - first) * _layout.Slots, _probes), _signs[index]);
                progress?.Report(new WorkProgress("passing relevance back", Interlocked.Increment(ref done), blocks, "blocks of texts"));
            },
            cancellation);
        NodeVariation = new double[_graph.Nodes.Count];
        double units = _probes == outputs ? _layout.Samples : _columns;
        for (int node = 0; node < NodeVariation.Length - 1; node++)
        {
            NodeVariation[node] = WidenedSums.OfSquares(_own.Slice((nint)node * _columns, _columns)) / units;
        }

        NodeVariation[^1] = regression.OutputVariation;
    }

    /// <summary>The mean over samples of the squares that every component has in the outputs with what it really wrote, and of the outputs themselves.</summary>
    public double[] NodeVariation { get; }

    /// <summary>Computes the parts.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="regression">The fitted readers.</param>
    /// <param name="seed">Seed of the signs.</param>
    /// <param name="progress">Told of blocks done.</param>
    /// <param name="cancellation">Stops between blocks.</param>
    public static ProbedRelevance Compute(
        ComponentContributions contributions, TiedRegression regression, ulong seed, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        new(contributions, regression, seed, progress, cancellation);

    /// <summary>The parts of a reader's sources, sources x (probes x samples).</summary>
    /// <param name="reader">The reader.</param>
    public ReadOnlySpan<float> Parts(int reader) => _parts.Slice((nint)_graph.EdgeIndex(0, reader) * _columns, checked(_graph.SourceCount(reader) * _columns));

    /// <summary>The scalar products of the parts of a reader's sources, sources x sources.</summary>
    /// <param name="reader">The reader.</param>
    public double[] Products(int reader)
    {
        int sources = _graph.SourceCount(reader);
        double[] parts = new double[checked(sources * _columns)];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(Parts(reader), parts);
        double[] products = new double[sources * sources];
        SymmetricProduct.RankKTransposed(sources, _columns, 1, parts, _columns, 0, products, sources);
        return products;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parts.Dispose();
        _own.Dispose();
    }

    // Probes x outputs for every block: random signs, or every output by itself where there are no more outputs than probes.
    private static float[][] DrawSigns(int blocks, int outputs, int probes, ulong seed)
    {
        RandomSource random = new(seed);
        float[][] signs = [.. Enumerable.Range(0, blocks).Select(_ => new float[probes * outputs])];
        foreach (float[] own in signs)
        {
            for (int i = 0; i < own.Length; i++)
            {
                own[i] = probes == outputs ? (i / outputs == i % outputs ? 1 : 0) : 1 - (2 * random.NextInt32(2));
            }
        }

        return signs;
    }

    private void PassBack(SampleBlock block, float[] signs)
    {
        int width = _contributions.Width;
        int length = block.Rows * width;
        int all = _graph.Nodes.Count - 1;
        using NativeBuffer<float> written = new((nint)all * length);
        float[] read = new float[length];
        for (int node = 0; node < all; node++)
        {
            Span<float> own = written.Slice((nint)node * length, length);
            Centre(block, node, own);
            System.Numerics.Tensors.TensorPrimitives.Add(read, own, read);
        }

        float[] downstream = new float[length * block.Probes];
        float[] more = new float[downstream.Length];
        float[] pulled = new float[downstream.Length];
        int summed = all;
        for (int last = all; last > 0;)
        {
            int first = last;
            while (_graph.Nodes[first - 1].Place == _graph.Nodes[last].Place)
            {
                first--;
            }

            for (; summed > _graph.SourceCount(first); summed--)
            {
                System.Numerics.Tensors.TensorPrimitives.Subtract(read, written.Slice((nint)(summed - 1) * length, length), read);
            }

            float[]? scaled = null;
            Array.Clear(more);
            for (int reader = first; reader <= last; reader++)
            {
                TiedMap map = _regression.Maps[reader];
                if (map.DependsOnRead)
                {
                    scaled ??= Scaled(block, reader, read);
                }

                if (reader < all)
                {
                    Project(block, written.Slice((nint)reader * length, length), downstream, _own.Slice((nint)reader * _columns, _columns));
                }

                map.PullRows(block, scaled, reader < all ? InCoordinates(block, reader, downstream) : Outputs(block, signs), pulled);
                BeforeScale(block, reader, pulled);
                for (int source = 0; source < _graph.SourceCount(reader); source++)
                {
                    Project(block, written.Slice((nint)source * length, length), pulled, _parts.Slice((nint)_graph.EdgeIndex(source, reader) * _columns, _columns));
                }

                System.Numerics.Tensors.TensorPrimitives.Add(more, pulled, more);
            }

            System.Numerics.Tensors.TensorPrimitives.Add(downstream, more, downstream);
            last = first - 1;
        }

        Project(block, written.Slice(0, length), downstream, _own.Slice(0, _columns));
    }

    // A component's rows in the residual stream, less the slot's mean.
    private void Centre(SampleBlock block, int node, Span<float> residual)
    {
        int inner = _contributions.CoordinateWidth(node);
        int start = block.First * _layout.Slots;
        int period = _layout.Slots * inner;
        float[] rows = _contributions.Coordinates(node).Slice(start * inner, block.Rows * inner).ToArray();
        for (int sample = 0; sample < block.Samples; sample++)
        {
            Span<float> own = rows.AsSpan(sample * period, period);
            System.Numerics.Tensors.TensorPrimitives.Subtract(own, _means[node], own);
        }

        for (int row = 0; row < block.Rows; row++)
        {
            if (!_layout.IsReal[start + row])
            {
                rows.AsSpan(row * inner, inner).Clear();
            }
        }

        ReadOnlySpan<float> basis = _contributions.Basis(node);
        if (basis.Length == 0)
        {
            rows.CopyTo(residual);
            return;
        }

        MatrixProduct.Gemm(false, false, block.Rows, _contributions.Width, inner, 1f, rows, inner, basis, _contributions.Width, 0f, residual, _contributions.Width);
    }

    // What the reader's norm makes of the residual stream, less the slot's mean.
    private float[] Scaled(SampleBlock block, int reader, float[] read)
    {
        ReaderScale scale = _regression.Scales[reader];
        if (scale.Factors is not { } factors)
        {
            return read;
        }

        int width = _contributions.Width;
        int start = block.First * _layout.Slots;
        (float[] Residual, float[] Read) means = _regression.Means[reader];
        float[] scaled = new float[read.Length];
        for (int row = 0; row < block.Rows; row++)
        {
            if (!_layout.IsReal[start + row])
            {
                continue;
            }

            int slot = row % _layout.Slots;
            Span<float> own = scaled.AsSpan(row * width, width);
            System.Numerics.Tensors.TensorPrimitives.Add(read.AsSpan(row * width, width), means.Residual.AsSpan(slot * width, width), own);
            float mean = scale.RemovesMean ? System.Numerics.Tensors.TensorPrimitives.Sum<float>(own) / width : 0;
            System.Numerics.Tensors.TensorPrimitives.Subtract(own, mean, own);
            System.Numerics.Tensors.TensorPrimitives.Multiply(own, factors[start + row], own);
            System.Numerics.Tensors.TensorPrimitives.Subtract(own, means.Read.AsSpan(slot * width, width), own);
        }

        return scaled;
    }

    // From what a norm gives to what it is given: every row times its recorded factor, and less its mean where the norm takes it.
    private void BeforeScale(SampleBlock block, int reader, float[] pulled)
    {
        ReaderScale scale = _regression.Scales[reader];
        if (scale.Factors is not { } factors)
        {
            return;
        }

        int width = _contributions.Width;
        int start = block.First * _layout.Slots;
        for (int row = 0; row < block.Rows * block.Probes; row++)
        {
            Span<float> own = pulled.AsSpan(row * width, width);
            float mean = scale.RemovesMean ? System.Numerics.Tensors.TensorPrimitives.Sum<float>(own) / width : 0;
            System.Numerics.Tensors.TensorPrimitives.Subtract(own, mean, own);
            System.Numerics.Tensors.TensorPrimitives.Multiply(own, factors[start + (row % block.Rows)], own);
        }
    }

    private float[] InCoordinates(SampleBlock block, int reader, float[] downstream)
    {
        ReadOnlySpan<float> basis = _contributions.Basis(reader);
        if (basis.Length == 0)
        {
            return downstream;
        }

        int rows = block.Rows * block.Probes;
        int inner = _contributions.CoordinateWidth(reader);
        float[] coordinates = new float[rows * inner];
        MatrixProduct.Gemm(false, true, rows, inner, _contributions.Width, 1f, downstream, _contributions.Width, basis, _contributions.Width, 0f, coordinates, inner);
        return coordinates;
    }

    // The probes where a row is scored.
    private float[] Outputs(SampleBlock block, float[] signs)
    {
        int classes = _regression.Outputs.Classes.Length;
        int[] scored = _layout.ScoredSlots;
        float[] rows = new float[block.Rows * block.Probes * classes];
        for (int row = 0; row < block.Rows * block.Probes; row++)
        {
            int within = row % block.Rows;
            if (_layout.IsScored[(block.First * _layout.Slots) + within])
            {
                int position = Array.BinarySearch(scored, within % _layout.Slots);
                signs.AsSpan(((row / block.Rows * scored.Length) + position) * classes, classes).CopyTo(rows.AsSpan(row * classes));
            }
        }

        return rows;
    }

    // The scalar product of every sample's rows with its probes', less the mean over the block.
    private void Project(SampleBlock block, ReadOnlySpan<float> written, ReadOnlySpan<float> probes, Span<float> columns)
    {
        int length = written.Length / block.Samples;
        float scale = block.Samples > 1 ? MathF.Sqrt(block.Samples / (block.Samples - 1f)) : 0;
        for (int probe = 0; probe < block.Probes; probe++)
        {
            Span<float> own = columns.Slice((probe * _layout.Samples) + block.First, block.Samples);
            for (int sample = 0; sample < block.Samples; sample++)
            {
                own[sample] = System.Numerics.Tensors.TensorPrimitives.Dot(
                    written.Slice(sample * length, length), probes.Slice(((probe * block.Samples) + sample) * length, length));
            }

            System.Numerics.Tensors.TensorPrimitives.Subtract(own, System.Numerics.Tensors.TensorPrimitives.Sum<float>(own) / own.Length, own);
            System.Numerics.Tensors.TensorPrimitives.Multiply(own, scale, own);
        }
    }
}
