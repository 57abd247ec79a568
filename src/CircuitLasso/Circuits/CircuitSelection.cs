namespace CircuitLasso;

/// <summary>Pure functions that choose which edges belong to a circuit. Each returns a new circuit and leaves the scores alone.</summary>
public static class CircuitSelection
{
    /// <summary>Marks the edges that hold as in the circuit, and no others.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="belongs">Whether an edge belongs.</param>
    public static Circuit Select(this Circuit circuit, Func<CircuitEdge, bool> belongs)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(belongs);
        return circuit.With(edges: circuit.Edges.Select(edge => edge with { InCircuit = belongs(edge) }));
    }

    /// <summary>Marks the edges with |weight| at least the threshold, and no others.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="threshold">The smallest absolute weight that stays.</param>
    public static Circuit SelectAbove(this Circuit circuit, double threshold) => circuit.Select(edge => Math.Abs(edge.Weight) >= threshold);

    /// <summary>Marks the edges of largest |weight|, and no others; equal weights go to the edge that comes first in computation order.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="count">How many edges, at least 0; more than there are takes all. Edges of weight 0 are never taken.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static Circuit SelectTop(this Circuit circuit, int count)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        HashSet<CircuitEdge> top = [.. circuit.Edges.Where(edge => edge.Weight != 0).OrderByDescending(edge => Math.Abs(edge.Weight)).Take(count)];
        return circuit.Select(top.Contains);
    }

    /// <summary>
    /// Takes out of the circuit the edges that lie on no path to the target, repeatedly, as EAP-IG's <c>prune</c> does: a node other than the target
    /// that nothing in the circuit reads loses its incoming edges and, if <paramref name="needsIncoming"/>, a node other than a source that reads nothing
    /// loses its outgoing ones. What is left are exactly the edges on a path (from a source) to the target.
    /// </summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="needsIncoming">
    /// Whether a path must start at a source (see <see cref="IsSource"/>). Pass false where a node's variation may come from outside the graph, as when
    /// the sites before it were not looked at.
    /// </param>
    public static Circuit Prune(this Circuit circuit, bool needsIncoming)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        int count = circuit.Nodes.Count;
        bool[] reachesTarget = new bool[count];
        bool[] reached = new bool[count];
        reachesTarget[circuit.IndexOf(circuit.Target.Name)] = true;

        // Edges are sorted by source in computation order, so one pass each way follows every path.
        for (int i = circuit.Edges.Count - 1; i >= 0; i--)
        {
            CircuitEdge edge = circuit.Edges[i];
            if (edge.InCircuit && reachesTarget[circuit.IndexOf(edge.Target)])
            {
                reachesTarget[circuit.IndexOf(edge.Source)] = true;
            }
        }

        for (int i = 0; i < count; i++)
        {
            reached[i] = !needsIncoming || circuit.IsSource(circuit.Nodes[i]);
        }

        foreach (CircuitEdge edge in circuit.Edges)
        {
            if (edge.InCircuit && reached[circuit.IndexOf(edge.Source)])
            {
                reached[circuit.IndexOf(edge.Target)] = true;
            }
        }

        return circuit.Select(edge => edge.InCircuit && reached[circuit.IndexOf(edge.Source)] && reachesTarget[circuit.IndexOf(edge.Target)]);
    }

    /// <summary>
    /// Whether a node brings variation into the graph of its own: an input, the error of an autoencoder, or, in a circuit without an input,
    /// a node of the smallest place.
    /// </summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="node">One of its nodes.</param>
    public static bool IsSource(this Circuit circuit, CircuitNode node)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(node);
        return node.Kind is CircuitNodeKind.Input or CircuitNodeKind.Error
            || (node.Place == circuit.Nodes[0].Place && !circuit.HasInput);
    }

    /// <summary>The names of the nodes in the circuit, in computation order: the target and the ends of every edge in the circuit.</summary>
    /// <param name="circuit">The circuit.</param>
    public static IReadOnlyList<string> NodesInCircuit(this Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        HashSet<string> names = [circuit.Target.Name];
        foreach (CircuitEdge edge in circuit.Edges.Where(edge => edge.InCircuit))
        {
            names.Add(edge.Source);
            names.Add(edge.Target);
        }

        return [.. circuit.Nodes.Select(node => node.Name).Where(names.Contains)];
    }

    /// <summary>Writes down what ablation was found to do along edges; edges that were not measured keep what they say.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="effects">Effects by the ends of the edge.</param>
    public static Circuit WithEffects(this Circuit circuit, IReadOnlyDictionary<(string Source, string Target), AblationEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(effects);
        return circuit.With(edges: circuit.Edges.Select(edge => effects.TryGetValue((edge.Source, edge.Target), out AblationEffect? effect) ? edge with { Effect = effect } : edge));
    }

    /// <summary>Leaves out the candidates: only the edges in the circuit and the nodes on them, with their examples and weights along the path.</summary>
    /// <param name="circuit">The circuit.</param>
    public static Circuit WithoutCandidates(this Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        IEnumerable<CircuitNode> nodes = circuit.NodesInCircuit().Select(name => circuit[name]);
        return circuit.With(nodes, circuit.Edges.Where(edge => edge.InCircuit));
    }
}
