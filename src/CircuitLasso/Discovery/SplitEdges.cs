namespace CircuitLasso;

/// <summary>
/// Pure functions on circuits whose edges into heads are split into queries, keys and values: one truth value for every part of an edge, by
/// <see cref="ComponentGraph.SplitEdgeIndex"/>.
/// </summary>
public static class SplitEdges
{
    /// <summary>Every part of the edges of a whole circuit.</summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="inCircuit">One truth value an edge, in the order of <see cref="ComponentGraph.Edges"/>.</param>
    public static bool[] Of(ComponentGraph graph, IReadOnlyList<bool> inCircuit)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(inCircuit);
        RequireCount(inCircuit, graph.EdgeCount);
        return [.. Parts(graph).Select(part => inCircuit[part.Edge])];
    }

    /// <summary>The edges of which any part is in a split circuit.</summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="inCircuit">One truth value a part.</param>
    public static bool[] Collapse(ComponentGraph graph, IReadOnlyList<bool> inCircuit)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(inCircuit);
        RequireCount(inCircuit, graph.SplitEdgeCount);
        bool[] whole = new bool[graph.EdgeCount];
        int index = 0;
        foreach ((int edge, _, _, _) in Parts(graph))
        {
            whole[edge] |= inCircuit[index++];
        }

        return whole;
    }

    /// <summary>The parts of largest score; whole scores are taken for every part. Of equal scores the part that comes first is chosen, and one of score 0 never is.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="count">How many parts, at least 0; more than there are takes all.</param>
    /// <param name="isAbsolute">Whether the absolute value decides; otherwise negative scores come last.</param>
    public static bool[] Top(EdgeScores scores, int count, bool isAbsolute)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        double[] values = Scores(scores);
        bool[] chosen = new bool[values.Length];
        foreach (int part in Enumerable.Range(0, values.Length).Where(part => values[part] != 0).OrderByDescending(part => isAbsolute ? Math.Abs(values[part]) : values[part]).Take(count))
        {
            chosen[part] = true;
        }

        return chosen;
    }

    /// <summary>Takes out the parts that lie on no path from input to logits.</summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="inCircuit">One truth value a part.</param>
    public static bool[] Prune(ComponentGraph graph, IReadOnlyList<bool> inCircuit)
    {
        bool[] whole = EdgeSelection.Prune(graph, Collapse(graph, inCircuit));
        return [.. Parts(graph).Select((part, index) => inCircuit[index] && whole[part.Edge])];
    }

    internal static double[] Scores(EdgeScores scores)
    {
        double[] whole = scores.Values.ToArray();
        return scores.IsSplit ? scores.SplitValues.ToArray() : [.. Parts(scores.Graph).Select(part => whole[part.Edge])];
    }

    internal static IEnumerable<(int Edge, int Source, int Target, HeadInput Input)> Parts(ComponentGraph graph)
    {
        int edge = 0;
        foreach ((int source, int target) in graph.Edges)
        {
            for (HeadInput input = HeadInput.Query; input <= (graph.Nodes[target].Kind == CircuitNodeKind.AttentionHead ? HeadInput.Value : HeadInput.Query); input++)
            {
                yield return (edge, source, target, input);
            }

            edge++;
        }
    }

    internal static void RequireCount(IReadOnlyList<bool> inCircuit, long count)
    {
        if (inCircuit.Count != count)
        {
            throw new ArgumentException($"{inCircuit.Count} truth values do not fit {count} edges.", nameof(inCircuit));
        }
    }
}
