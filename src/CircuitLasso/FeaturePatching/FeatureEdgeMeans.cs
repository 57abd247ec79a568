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
            SiteState[] states = FeaturePass.Record(graph.Sites, batch.Corrupt);
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
                        if (!graph.IsAt(node, position))
                        {
                            continue;
                        }

                        sums.Own[node].Add(values[node]);
                        foreach (int edge in graph.Into[node])
                        {
                            int sourceRow = graph.SourceRow(edge, row, position);
                            sums.Edges[edge].Add(Carried(graph, states, row, sourceRow, edge, node, Read(graph, states, sourceRow, graph.Sources[edge])));
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
    public double Edge(int position, int edge) => At(position).Edges[edge].Mean;

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
            double variation = _positions.Sum(sums => sums.Own[node].Variation);
            foreach (int edge in _graph.Into[node])
            {
                double share = !(variation > 0) ? 0 : Math.Min(1, _positions.Sum(sums => sums.Edges[edge].Variation) / variation);
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
            values[node] = Read(graph, states, row, node);
        }
    }

    /// <summary>What an edge carries to a row: A_ij s_j f_i, with f_i = g_i / s_i read in the source's row; from an error s_j times the sum over its coordinates of coefficient and error.</summary>
    public static double Carried(FeatureEdgeGraph graph, SiteState[] states, int row, int sourceRow, int edge, int target, double sourceValue)
    {
        if (graph.CoefficientsOfError(edge) is { Count: > 0 } coefficients)
        {
            return states[graph.Nodes[target].Site].Scale(row) * OfError(states[graph.Nodes[graph.Sources[edge]].Site], sourceRow, coefficients);
        }

        float from = states[graph.Nodes[graph.Sources[edge]].Site].Scale(sourceRow);
        return from == 0 ? 0 : graph.Coefficient(edge) * states[graph.Nodes[target].Site].Scale(row) / from * sourceValue;
    }

    private static double OfError(SiteState state, int row, IReadOnlyList<EdgeCoefficient> coefficients)
    {
        int first = row * state.Autoencoder.OutputWidth;
        float[] left = state.Left();
        double sum = 0;
        for (int i = 0; i < coefficients.Count; i++)
        {
            sum += coefficients[i].Value * left[first + coefficients[i].Coordinate];
        }

        return sum;
    }

    private Sums At(int position) => _positions[Math.Min(position, _ownPositions)];

    private static double Read(FeatureEdgeGraph graph, SiteState[] states, int row, int node)
    {
        (int site, int feature) = (graph.Nodes[node].Site, graph.Nodes[node].Feature);
        int at = feature == FeatureNode.Error ? -1 : states[site].Features.Indices(row).BinarySearch(feature);
        return at < 0 ? 0 : states[site].Scale(row) * (double)states[site].Features.Values(row)[at];
    }

    private sealed class Sums(int nodes, int edges)
    {
        // In all rows, as the ablation of nodes has it, and in those rows in which a node stands.
        public double[] Nodes { get; } = new double[nodes];

        public Moments[] Own { get; } = new Moments[nodes];

        public Moments[] Edges { get; } = new Moments[edges];

        public long Count { get; set; }
    }

    private struct Moments
    {
        private double _sum;
        private double _squares;
        private long _count;

        public readonly double Mean => _count > 0 ? _sum / _count : 0;

        public readonly double Variation => _count > 0 ? Math.Max(0, _squares - (_sum * _sum / _count)) : 0;

        public void Add(double value)
        {
            _sum += value;
            _squares += value * value;
            _count++;
        }
    }
}
