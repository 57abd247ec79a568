namespace CircuitLasso;

/// <summary>Means over the corrupt texts, position by position as far as positions have means of their own, of nodes and of what edges carry.</summary>
internal sealed class FeatureEdgeMeans
{
    private readonly FeatureEdgeGraph _graph;
    private readonly List<Sums> _positions = [];
    private readonly int _ownPositions;

    public FeatureEdgeMeans(FeatureEdgeGraph graph, IReadOnlyList<BehaviourBatch> batches)
    {
        _graph = graph;
        _ownPositions = batches[0].OwnPositions;
        foreach (BehaviourBatch batch in batches)
        {
            SiteState[] states = FeatureBatch.Record(graph.Sites, batch.Corrupt, null, out _, null);
            while (_positions.Count < Math.Min(batch.Corrupt.Positions, (long)_ownPositions + 1))
            {
                _positions.Add(new Sums(graph.Nodes.Count, graph.Edges.Count));
            }

            double[] values = new double[graph.Nodes.Count];
            for (int text = 0; text < batch.Corrupt.Count; text++)
            {
                for (int position = 0; position < batch.Corrupt.Lengths[text]; position++)
                {
                    int row = (text * batch.Corrupt.Positions) + position;
                    Read(graph, states, row, values);
                    Sums sums = _positions[Math.Min(position, _ownPositions)];
                    sums.Count++;
                    for (int node = 0; node < values.Length; node++)
                    {
                        sums.Nodes[node] += values[node];
                        sums.NodeSquares[node] += values[node] * values[node];
                    }

                    for (int node = 0; node < values.Length; node++)
                    {
                        foreach (int edge in graph.Into[node])
                        {
                            double carried = Carried(graph, states, row, edge, node, values[graph.Sources[edge]]);
                            sums.Edges[edge] += carried;
                            sums.EdgeSquares[edge] += carried * carried;
                        }
                    }
                }
            }

            foreach (SiteState state in states)
            {
                state.Dispose();
            }
        }
    }

    /// <summary>The mean g of a node.</summary>
    public double Node(int position, int node) => At(position).Nodes[node] / At(position).Count;

    /// <summary>The mean of what an edge carries.</summary>
    public double Edge(int position, int edge) => At(position).Edges[edge] / At(position).Count;

    /// <summary>Scores of edges: the share of the target's variation that an edge carries, at most 1, times the target's relevance.</summary>
    public double[] Contributions()
    {
        double[] scores = [.. _graph.Edges.Select(edge => Math.Abs(edge.Weight))];
        if (!_graph.HasCoefficients)
        {
            return scores;
        }

        foreach (int edge in _graph.Into[^1])
        {
            scores[edge] = _graph.Relevances[_graph.Sources[edge]];
        }

        for (int node = 0; node < _graph.Nodes.Count; node++)
        {
            double variation = Variation(sums => (sums.NodeSquares[node], sums.Nodes[node]));
            foreach (int edge in _graph.Into[node])
            {
                double share = _graph.Nodes[_graph.Sources[edge]].IsError || !(variation > 0) ? 0 : Math.Min(1, Variation(sums => (sums.EdgeSquares[edge], sums.Edges[edge])) / variation);
                scores[edge] = share * _graph.Relevances[node];
            }
        }

        return scores;
    }

    /// <summary>The g of every node in a row; 0 where it is not active and for errors.</summary>
    public static void Read(FeatureEdgeGraph graph, SiteState[] states, int row, Span<double> values)
    {
        for (int node = 0; node < values.Length; node++)
        {
            (int site, int feature) = (graph.Nodes[node].Site, graph.Nodes[node].Feature);
            int at = feature == FeatureNode.Error ? -1 : states[site].Features.Indices(row).BinarySearch(feature);
            values[node] = at < 0 ? 0 : states[site].Scale(row) * (double)states[site].Features.Values(row)[at];
        }
    }

    /// <summary>What an edge carries in a row: A_ij s_j f_i, with f_i = g_i / s_i.</summary>
    public static double Carried(FeatureEdgeGraph graph, SiteState[] states, int row, int edge, int target, double sourceValue)
    {
        float from = states[graph.Nodes[graph.Sources[edge]].Site].Scale(row);
        return from == 0 ? 0 : graph.Coefficient(edge) * states[graph.Nodes[target].Site].Scale(row) / from * sourceValue;
    }

    private Sums At(int position) => _positions[Math.Min(position, _ownPositions)];

    private double Variation(Func<Sums, (double Squares, double Sum)> of) => _positions.Sum(sums => of(sums) is var (squares, sum) ? Math.Max(0, squares - (sum * sum / sums.Count)) : 0);

    private sealed class Sums(int nodes, int edges)
    {
        public double[] Nodes { get; } = new double[nodes];

        public double[] NodeSquares { get; } = new double[nodes];

        public double[] Edges { get; } = new double[edges];

        public double[] EdgeSquares { get; } = new double[edges];

        public long Count { get; set; }
    }
}
