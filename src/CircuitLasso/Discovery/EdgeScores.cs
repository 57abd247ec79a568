namespace CircuitLasso;

/// <summary>
/// What a method says of every candidate edge of a component graph: one number, and, where it splits edges into heads, one for queries, keys and values each.
/// Immutable and thread-safe.
/// </summary>
public sealed class EdgeScores
{
    private readonly double[] _values;
    private readonly double[]? _splitValues;

    /// <summary>Scores of whole edges.</summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="values">One finite number an edge, in the order of <see cref="ComponentGraph.Edges"/>; copied.</param>
    /// <exception cref="ArgumentException">There are not as many numbers as edges, or one is not finite.</exception>
    public EdgeScores(ComponentGraph graph, ReadOnlySpan<double> values)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
        _values = Checked(values, graph.EdgeCount);
    }

    private EdgeScores(ComponentGraph graph, double[] values, double[] splitValues)
    {
        Graph = graph;
        _values = values;
        _splitValues = splitValues;
    }

    /// <summary>The candidate edges.</summary>
    public ComponentGraph Graph { get; }

    /// <summary>
    /// One number an edge, in the order of <see cref="ComponentGraph.Edges"/>. A split edge has the number of its part of largest absolute value, the first of equals.
    /// </summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>One number for every part of an edge (<see cref="ComponentGraph.SplitEdgeIndex"/>); empty where the method does not split edges.</summary>
    public ReadOnlySpan<double> SplitValues => _splitValues;

    /// <summary>Whether edges into heads have scores for queries, keys and values apart.</summary>
    public bool IsSplit => _splitValues is not null;

    /// <summary>The score of a whole edge.</summary>
    /// <param name="source">Name of the source.</param>
    /// <param name="target">Name of the target.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such edge.</exception>
    public double this[string source, string target] => _values[Graph.EdgeIndex(Node(source), Node(target))];

    /// <summary>The score of a part of an edge.</summary>
    /// <param name="source">Name of the source.</param>
    /// <param name="target">Name of the target.</param>
    /// <param name="part">Which of the head's inputs; queries for targets that are no heads.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such edge.</exception>
    /// <exception cref="InvalidOperationException">The method does not split edges.</exception>
    public double this[string source, string target, HeadInput part] =>
        (_splitValues ?? throw new InvalidOperationException("These scores are of whole edges."))[Graph.SplitEdgeIndex(Node(source), Node(target), part)];

    /// <summary>Scores of split edges; each whole edge takes that of its part of largest absolute value.</summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="splitValues">One finite number a part, by <see cref="ComponentGraph.SplitEdgeIndex"/>; copied.</param>
    /// <exception cref="ArgumentException">There are not as many numbers as parts, or one is not finite.</exception>
    public static EdgeScores FromSplit(ComponentGraph graph, ReadOnlySpan<double> splitValues)
    {
        ArgumentNullException.ThrowIfNull(graph);
        double[] split = Checked(splitValues, graph.SplitEdgeCount);
        double[] values = new double[graph.EdgeCount];
        int edge = 0;
        int part = 0;
        foreach ((_, int target) in graph.Edges)
        {
            values[edge] = split[part++];
            for (int more = graph.Nodes[target].Kind == CircuitNodeKind.AttentionHead ? 2 : 0; more > 0; more--, part++)
            {
                values[edge] = Math.Abs(split[part]) > Math.Abs(values[edge]) ? split[part] : values[edge];
            }

            edge++;
        }

        return new EdgeScores(graph, values, split);
    }

    private static double[] Checked(ReadOnlySpan<double> values, long count)
    {
        double[] copy = values.ToArray();
        return copy.Length == count && Array.TrueForAll(copy, double.IsFinite)
            ? copy
            : throw new ArgumentException($"{copy.Length} scores, all of them finite, are needed for {count} edges.", nameof(values));
    }

    private int Node(string name) => Graph.IndexOf(name) is int index and >= 0 ? index : throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such node.");
}
