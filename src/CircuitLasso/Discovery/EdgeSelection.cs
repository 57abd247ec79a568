namespace CircuitLasso;

/// <summary>
/// Pure functions that choose a circuit from scores, by absolute value, as EAP-IG does (<c>src/eap/graph.py</c>). Each returns one truth value an edge, in the order
/// of <see cref="ComponentGraph.Edges"/>. An edge of score 0 is never chosen, and of equal scores the edge that comes first is.
/// </summary>
public static class EdgeSelection
{
    /// <summary>The edges of absolute score at least a threshold.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="threshold">The smallest absolute score that is chosen.</param>
    public static bool[] AtLeast(EdgeScores scores, double threshold)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return [.. scores.Values.ToArray().Select(score => score != 0 && Math.Abs(score) >= threshold)];
    }

    /// <summary>The edges of absolute score at least a share of the largest one.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="share">From 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is outside 0 to 1.</exception>
    public static bool[] AtLeastShareOfLargest(EdgeScores scores, double share)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        return AtLeast(scores, share * scores.Values.ToArray().Max(Math.Abs));
    }

    /// <summary>The edges of largest absolute score.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="count">How many, at least 0; more than there are takes all.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static bool[] Top(EdgeScores scores, int count)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        double[] sizes = [.. scores.Values.ToArray().Select(Math.Abs)];
        bool[] chosen = new bool[sizes.Length];
        foreach (int edge in Enumerable.Range(0, sizes.Length).Where(edge => sizes[edge] > 0).OrderByDescending(edge => sizes[edge]).Take(count))
        {
            chosen[edge] = true;
        }

        return chosen;
    }

    /// <summary>
    /// Grows a circuit from the logits: again and again the edge of largest absolute score among those into a node that is already in the circuit; its source then is, too.
    /// </summary>
    /// <param name="scores">The scores.</param>
    /// <param name="count">How many edges, at least 0; growth ends early where no edge is left.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static bool[] Greedy(EdgeScores scores, int count)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ComponentGraph graph = scores.Graph;
        bool[] chosen = new bool[graph.EdgeCount];
        bool[] isInside = new bool[graph.Nodes.Count];
        PriorityQueue<(int Source, long Edge), (double FallingScore, long Edge)> open = new();
        Admit(graph.Nodes.Count - 1);
        for (int taken = 0; taken < count && open.TryDequeue(out (int Source, long Edge) best, out _); taken++)
        {
            chosen[best.Edge] = true;
            if (!isInside[best.Source])
            {
                Admit(best.Source);
            }
        }

        return chosen;

        void Admit(int node)
        {
            isInside[node] = true;
            for (int source = 0; source < graph.SourceCount(node); source++)
            {
                long edge = graph.EdgeIndex(source, node);
                double size = Math.Abs(scores.Values[(int)edge]);
                if (size > 0)
                {
                    open.Enqueue((source, edge), (-size, edge));
                }
            }
        }
    }

    /// <summary>
    /// The circuits that grow as the threshold falls: the edges of largest absolute score, one more at a time, pruned. Only circuits that have an edge and differ from the one before.
    /// </summary>
    /// <param name="scores">The scores.</param>
    /// <returns>Circuits by rising number of edges, each inside the next.</returns>
    public static IReadOnlyList<bool[]> GrowingCircuits(EdgeScores scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        double[] sizes = [.. scores.Values.ToArray().Select(Math.Abs)];
        bool[] chosen = new bool[sizes.Length];
        List<bool[]> circuits = [];
        int last = 0;
        foreach (int edge in Enumerable.Range(0, sizes.Length).Where(edge => sizes[edge] > 0).OrderByDescending(edge => sizes[edge]))
        {
            chosen[edge] = true;
            bool[] pruned = Prune(scores.Graph, chosen);
            int count = pruned.Count(inside => inside);
            if (count > last)
            {
                circuits.Add(pruned);
                last = count;
            }
        }

        return circuits;
    }

    /// <summary>
    /// Takes out the edges that lie on no path from input to logits. It is what is left when nodes without incoming edges (but the input) and nodes without outgoing
    /// ones (but the logits) are dropped with their edges until none is left.
    /// </summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="inCircuit">One truth value an edge.</param>
    /// <exception cref="ArgumentException">There are not as many truth values as edges.</exception>
    public static bool[] Prune(ComponentGraph graph, IReadOnlyList<bool> inCircuit)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(inCircuit);
        if (inCircuit.Count != graph.EdgeCount)
        {
            throw new ArgumentException($"{inCircuit.Count} truth values do not fit {graph.EdgeCount} edges.", nameof(inCircuit));
        }

        // Edges are sorted by target in computation order, so one pass each way follows every path.
        (int Source, int Target)[] edges = [.. graph.Edges];
        bool[] reached = new bool[graph.Nodes.Count];
        bool[] reaches = new bool[graph.Nodes.Count];
        reached[0] = true;
        reaches[^1] = true;
        for (int edge = 0; edge < edges.Length; edge++)
        {
            reached[edges[edge].Target] |= inCircuit[edge] && reached[edges[edge].Source];
        }

        for (int edge = edges.Length - 1; edge >= 0; edge--)
        {
            reaches[edges[edge].Source] |= inCircuit[edge] && reaches[edges[edge].Target];
        }

        return [.. edges.Select((ends, edge) => inCircuit[edge] && reached[ends.Source] && reaches[ends.Target])];
    }
}
