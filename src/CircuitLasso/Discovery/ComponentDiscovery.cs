namespace CircuitLasso;

/// <summary>What a method found: a score for every candidate edge, and the circuit that its own default rule makes of them. Immutable.</summary>
public sealed record ComponentDiscovery
{
    /// <summary>The scores.</summary>
    public required EdgeScores Scores { get; init; }

    /// <summary>The circuit at the method's default rule, pruned: one truth value an edge, in the order of <see cref="ComponentGraph.Edges"/>.</summary>
    public required IReadOnlyList<bool> InCircuit { get; init; }

    /// <summary>Seconds by kind of work, where it was done: <c>collection</c> (forward passes), <c>gradients</c>, <c>regression</c>, <c>patching</c>.</summary>
    public IReadOnlyDictionary<string, double> Seconds { get; init; } = new Dictionary<string, double>();

    /// <summary>What else the method has to say of its work, by name.</summary>
    public IReadOnlyDictionary<string, double> Diagnostics { get; init; } = new Dictionary<string, double>();

    /// <summary>The circuit with every candidate edge and its score, for files, pictures and exports.</summary>
    public Circuit ToCircuit()
    {
        ComponentGraph graph = Scores.Graph;
        double[] values = Scores.Values.ToArray();
        return new Circuit(
            graph.Nodes.Select(node => node.ToCircuitNode()),
            graph.Edges.Select((ends, edge) => new CircuitEdge(graph.Nodes[ends.Source].Name, graph.Nodes[ends.Target].Name, values[edge]) { InCircuit = InCircuit[edge] }))
        {
            Components = graph,
        };
    }
}
