namespace CircuitLasso;

/// <summary>
/// Which edges carry a given value instead of what their source computes in the same run: clean, corrupt, mean, zero or resampled values, as
/// <see cref="ComponentValues"/>. All other edges carry recomputed values. Not thread-safe while it is changed.
/// </summary>
public sealed class EdgePatch
{
    private readonly ComponentValues?[][] _values;

    /// <summary>A patch of nothing.</summary>
    /// <param name="graph">The graph.</param>
    public EdgePatch(PatchingGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
        _values = [.. Enumerable.Range(0, graph.Destinations.Count).Select(destination => new ComponentValues?[graph.SourceCount(destination)])];
    }

    /// <summary>The graph.</summary>
    public PatchingGraph Graph { get; }

    /// <summary>The positions at which edges are patched; null for all. At the others they carry recomputed values.</summary>
    public IReadOnlyCollection<int>? Positions { get; init; }

    /// <summary>What an edge into a destination carries; null for what is recomputed.</summary>
    /// <param name="source">Position of the source in <see cref="ComponentGraph.Nodes"/>.</param>
    /// <param name="destination">Place in <see cref="PatchingGraph.Destinations"/>.</param>
    public ComponentValues? this[int source, int destination]
    {
        get => _values[destination][source];
        set => _values[destination][source] = value;
    }

    /// <summary>Patches everything outside a circuit.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inCircuit">One truth value an edge, in the order of <see cref="ComponentGraph.Edges"/>.</param>
    /// <param name="values">What the edges outside carry.</param>
    /// <remarks>Heads that share a key head share its edges: such an edge is inside where it is for one of them.</remarks>
    /// <exception cref="ArgumentException">There are not as many truth values as edges.</exception>
    public static EdgePatch Outside(PatchingGraph graph, IReadOnlyList<bool> inCircuit, ComponentValues values)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return OutsideSplit(graph, SplitEdges.Of(graph.Components, inCircuit), values);
    }

    /// <summary>Patches everything outside a circuit whose edges are split.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inCircuit">One truth value a part of an edge, by <see cref="ComponentGraph.SplitEdgeIndex"/>.</param>
    /// <param name="values">What the parts outside carry.</param>
    /// <remarks>Heads that share a key head share its edges: such a part is inside where it is for one of them.</remarks>
    /// <exception cref="ArgumentException">There are not as many truth values as parts.</exception>
    public static EdgePatch OutsideSplit(PatchingGraph graph, IReadOnlyList<bool> inCircuit, ComponentValues values)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(inCircuit);
        SplitEdges.RequireCount(inCircuit, graph.Components.SplitEdgeCount);
        EdgePatch patch = new(graph);
        foreach (ComponentValues?[] sources in patch._values)
        {
            Array.Fill(sources, values);
        }

        int index = 0;
        foreach ((_, int source, int target, HeadInput input) in SplitEdges.Parts(graph.Components))
        {
            if (inCircuit[index++])
            {
                patch._values[graph.DestinationOf(target, input)][source] = null;
            }
        }

        return patch;
    }

    /// <summary>Patches a whole edge: for a head its queries, keys and values.</summary>
    /// <param name="source">Position of the source in <see cref="ComponentGraph.Nodes"/>.</param>
    /// <param name="target">Position of the target in <see cref="ComponentGraph.Nodes"/>.</param>
    /// <param name="values">What it carries; null for what is recomputed.</param>
    public void SetEdge(int source, int target, ComponentValues? values)
    {
        foreach (int destination in Graph.DestinationsOf(target))
        {
            _values[destination][source] = values;
        }
    }

    /// <summary>Patches a node: every edge that leaves it.</summary>
    /// <param name="source">Position of the node in <see cref="ComponentGraph.Nodes"/>; not the logits.</param>
    /// <param name="values">What its edges carry; null for what is recomputed.</param>
    public void SetNode(int source, ComponentValues? values)
    {
        foreach (ComponentValues?[] sources in _values)
        {
            if (source < sources.Length)
            {
                sources[source] = values;
            }
        }
    }

    internal int FirstPatched(int destination) => Array.FindIndex(_values[destination], values => values is not null);
}
