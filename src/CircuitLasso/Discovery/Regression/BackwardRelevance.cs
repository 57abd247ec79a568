using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Passes the outputs backwards through fitted readers: T_logits = I, T_u = sum over readers v of A[u, v] T_v, and measures how much of the outputs' variation each
/// component and each edge carries. Immutable.
/// </summary>
/// <remarks>
/// With V(X) the mean over samples of the squared row norm: an edge carries p(u, v) = V(r_u A[u, v] T_v), a component V(r_v T_v) with what it really wrote. Where a norm
/// stands in front of a reader, p divides r_u by every row's own recorded scale, and T by the slot's mean scale.
/// </remarks>
internal sealed class BackwardRelevance
{
    private const long MostElements = 1L << 26;
    private readonly ComponentContributions _contributions;
    private readonly TiedRegression _regression;
    private readonly int _outputs;
    private readonly double[] _edges;

    private BackwardRelevance(ComponentContributions contributions, TiedRegression regression, EdgeVisitor? visitor, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        _contributions = contributions;
        _regression = regression;
        SampleLayout layout = contributions.Layout;
        ComponentGraph graph = contributions.Graph;
        int classes = regression.Outputs.Classes.Length;
        _outputs = layout.ScoredSlots.Length * regression.Outputs.Directions;
        long length = (long)layout.Slots * Math.Max(contributions.Width, classes) * _outputs;
        if (length > MostElements || (long)layout.Samples * _outputs > Array.MaxLength)
        {
            throw new InputException("task", $"{layout.ScoredSlots.Length} scored positions of {classes} outputs are too many for texts of {layout.Slots} tokens", "ask for the outputs at fewer positions");
        }

        _edges = new double[graph.EdgeCount];
        NodeVariation = new double[graph.Nodes.Count];
        double[] downstream = new double[layout.Slots * contributions.Width * _outputs];
        using SourceRowsCache sources = new(contributions);
        for (int last = graph.Nodes.Count - 1; last > 0;)
        {
            int first = last;
            while (graph.Nodes[first - 1].Place == graph.Nodes[last].Place)
            {
                first--;
            }

            double[] more = new double[downstream.Length];
            cancellation.ThrowIfCancellationRequested();
            int[] readers = [.. Enumerable.Range(first, last - first + 1)];
            int[] heads = [.. readers.Where(reader => regression.Maps[reader] is PooledHeadMap)];
            int[] together = RowReaders.SuitsHeads(contributions, heads.Length, _outputs) ? heads : [];
            AddTogether(together, downstream, more, sources, visitor);
            foreach (int reader in readers.Except(together))
            {
                cancellation.ThrowIfCancellationRequested();
                if (regression.Maps[reader] is PositionMap && regression.Scales[reader].Factors is not null && RowReaders.Fits(contributions, 1, _outputs))
                {
                    AddTogether([reader], downstream, more, sources, visitor);
                    continue;
                }

                AddReader(reader, downstream, more, sources, visitor);
            }

            System.Numerics.Tensors.TensorPrimitives.Add(downstream, more, downstream);
            progress?.Report(new WorkProgress("passing relevance back", graph.Nodes.Count - first, graph.Nodes.Count, "components"));
            last = first - 1;
        }

        NodeVariation[0] = Variation(0, downstream, sources);
    }

    /// <summary>Called with r_u A[u, v] T_v of every edge (samples x outputs), from several threads at once for different sources.</summary>
    public delegate void EdgeVisitor(int source, int reader, ReadOnlySpan<float> projected);

    /// <summary>V(r_v T_v) of every component, and of the logits themselves.</summary>
    public double[] NodeVariation { get; }

    /// <summary>p(u, v), in the order of <see cref="ComponentGraph.Edges"/>.</summary>
    public ReadOnlySpan<double> EdgeVariation => _edges;

    /// <summary>Computes the pass.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="regression">The fitted readers, all linear.</param>
    /// <param name="visitor">Shown every edge's part of the outputs, or null.</param>
    /// <param name="progress">Told of components done.</param>
    /// <param name="cancellation">Stops between components.</param>
    /// <exception cref="InputException">There are too many scored positions.</exception>
    public static BackwardRelevance Compute(
        ComponentContributions contributions, TiedRegression regression, EdgeVisitor? visitor = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        new(contributions, regression, visitor, progress, cancellation);

    /// <summary>
    /// rel node of every edge: its share among the reader's edges, p(u, v) / sum over u' of p(u', v), times the reader's own share of the outputs' variation, at most 1.
    /// </summary>
    public EdgeScores ShareOfReaderTimesReader()
    {
        ComponentGraph graph = _contributions.Graph;
        double[] scores = new double[_edges.Length];
        for (int reader = 1; reader < graph.Nodes.Count; reader++)
        {
            int first = (int)graph.EdgeIndex(0, reader);
            Span<double> carried = _edges.AsSpan(first, graph.SourceCount(reader));
            double sum = System.Numerics.Tensors.TensorPrimitives.Sum<double>(carried);
            double node = NodeVariation[^1] > 0 ? Math.Min(1, NodeVariation[reader] / NodeVariation[^1]) : 0;
            for (int source = 0; source < carried.Length && sum > 0; source++)
            {
                scores[first + source] = carried[source] / sum * node;
            }
        }

        return new EdgeScores(graph, scores);
    }

    private void AddReader(int reader, double[] downstream, double[] more, SourceRowsCache sources, EdgeVisitor? visitor)
    {
        ReaderScale scale = _regression.Scales[reader];
        LinearMap map = (LinearMap)_regression.Maps[reader];
        double[] written = Written(reader, downstream, sources);
        double[] pulled = Pull(map, scale, written, more);
        sources.MoveTo(scale);
        DeterministicParallel.For(_contributions.Graph.SourceCount(reader), source =>
        {
            using NativeBuffer<float> result = new((nint)_contributions.Layout.Samples * _outputs, zeroed: false);
            map.Push(sources[source], scale, written, pulled, _outputs, result.Span);
            Show(source, reader, result.Span, visitor);
        });
    }

    // Readers behind one norm that read rows by one matrix each.
    private void AddTogether(int[] readers, double[] downstream, double[] more, SourceRowsCache sources, EdgeVisitor? visitor)
    {
        if (readers.Length == 0)
        {
            return;
        }

        ReaderScale scale = _regression.Scales[readers[0]];
        LinearMap[] maps = [.. readers.Select(reader => (LinearMap)_regression.Maps[reader])];
        double[][] written = [.. readers.Select(reader => Written(reader, downstream, sources))];
        for (int i = 0; i < maps.Length; i++)
        {
            Pull(maps[i], scale, written[i], more);
        }

        sources.MoveTo(null);
        RowReaders together = new(_contributions, scale, maps, written, _outputs);
        int count = _contributions.Graph.SourceCount(readers[0]);
        int length = _contributions.Layout.Samples * _outputs;
        using NativeBuffer<float> results = new((nint)count * readers.Length * length, zeroed: false);
        DeterministicParallel.For(count, source => together.Push(sources[source], results.Slice((nint)source * readers.Length * length, readers.Length * length)));
        for (int i = 0; i < readers.Length; i++)
        {
            for (int source = 0; source < count; source++)
            {
                Show(source, readers[i], results.Slice((((nint)source * readers.Length) + i) * length, length), visitor);
            }
        }
    }

    private void Show(int source, int reader, ReadOnlySpan<float> projected, EdgeVisitor? visitor)
    {
        visitor?.Invoke(source, reader, projected);
        _edges[_contributions.Graph.EdgeIndex(source, reader)] = MeanSquare(projected);
    }

    // T of a reader, and how much of the outputs' variation it carries.
    private double[] Written(int reader, double[] downstream, SourceRowsCache sources)
    {
        if (reader == _contributions.Graph.Nodes.Count - 1)
        {
            NodeVariation[reader] = _regression.OutputVariation;
            return OutputIdentity();
        }

        double[] written = SourceRows.InCoordinates(_contributions, reader, downstream, _contributions.Layout.Slots, _outputs);
        NodeVariation[reader] = Variation(reader, written, sources);
        return written;
    }

    // A T after the norm's projection; what it means for the residual stream is added to a sum.
    private double[] Pull(LinearMap map, ReaderScale scale, double[] written, double[] more)
    {
        double[] pulled = new double[more.Length];
        map.Pull(_contributions.Layout, written, _outputs, pulled);
        scale.Project(pulled, _contributions.Width, _outputs);
        int perSlot = _contributions.Width * _outputs;
        for (int slot = 0; slot < _contributions.Layout.Slots; slot++)
        {
            Span<double> own = more.AsSpan(slot * perSlot, perSlot);
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(pulled.AsSpan(slot * perSlot, perSlot), scale.SlotFactors[slot], own, own);
        }

        return pulled;
    }

    // What the outputs are of the logits at every slot: themselves, where they are scored, in the coordinates in which centred logits vary.
    private double[] OutputIdentity()
    {
        int classes = _regression.Outputs.Classes.Length;
        int directions = _regression.Outputs.Directions;
        double[] basis = _regression.Outputs.Basis();
        double[] identity = new double[_contributions.Layout.Slots * classes * _outputs];
        int[] scored = _contributions.Layout.ScoredSlots;
        for (int k = 0; k < scored.Length; k++)
        {
            for (int c = 0; c < classes; c++)
            {
                basis.AsSpan(c * directions, directions).CopyTo(identity.AsSpan((((scored[k] * classes) + c) * _outputs) + (k * directions)));
            }
        }

        return identity;
    }

    private double Variation(int node, double[] written, SourceRowsCache sources)
    {
        using SourceRows? own = sources.IsUnscaled ? null : new SourceRows(_contributions, node, null);
        SourceRows rows = own ?? sources[node];
        using NativeBuffer<float> matrix = new(written.Length, zeroed: false);
        using NativeBuffer<float> result = new((nint)_contributions.Layout.Samples * _outputs, zeroed: false);
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(written, matrix.Span);
        int columns = _contributions.Layout.Slots * rows.Columns;
        MatrixProduct.Gemm(false, false, _contributions.Layout.Samples, _outputs, columns, 1f, rows.Values, columns, matrix.Span, _outputs, 0f, result.Span, _outputs);
        return MeanSquare(result.Span);
    }

    private double MeanSquare(ReadOnlySpan<float> projected) => WidenedSums.OfSquares(projected) / _contributions.Layout.Samples;
}
