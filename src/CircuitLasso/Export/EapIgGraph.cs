namespace CircuitLasso;

/// <summary>What an EAP-IG graph JSON holds: scores and a circuit over edges that are split by queries, keys and values. Immutable.</summary>
/// <param name="Scores">The scores of all parts of edges; 0 where the file names none.</param>
/// <param name="InGraph">One truth value a part, by <see cref="ComponentGraph.SplitEdgeIndex"/>.</param>
public sealed record EapIgGraph(EdgeScores Scores, IReadOnlyList<bool> InGraph)
{
    /// <summary>The candidate edges.</summary>
    public ComponentGraph Components => Scores.Graph;

    /// <summary>The same with whole edges: an edge is in the circuit where any part is, and has the score of its part of largest absolute value.</summary>
    public ComponentDiscovery Collapse() => new()
    {
        Scores = new EdgeScores(Components, Scores.Values),
        InCircuit = SplitEdges.Collapse(Components, InGraph),
    };
}
