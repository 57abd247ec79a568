namespace CircuitLasso.InterpBench;

/// <summary>
/// Which candidate edges of a model belong to its known circuit. The candidates are the edges of the component graph without input to logits, as InterpBench counts
/// them (2 layers of 4 heads: 53). Immutable and thread-safe.
/// </summary>
public sealed class CircuitTruth
{
    /// <summary>States a truth.</summary>
    /// <param name="graph">The model's components.</param>
    /// <param name="edges">The true edges by the names of their ends.</param>
    /// <param name="invisibleEdges">
    /// Those of them that carry the same values for every input, so that no resampling of inputs can reveal them; none unless given.
    /// </param>
    /// <exception cref="ArgumentException">An edge is no candidate, or an invisible edge is not true.</exception>
    public CircuitTruth(ComponentGraph graph, IEnumerable<(string Source, string Target)> edges, IEnumerable<(string Source, string Target)>? invisibleEdges = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(edges);
        Graph = graph;
        bool[] candidates = [.. graph.Edges.Select(edge => edge.Source != 0 || edge.Target != graph.Nodes.Count - 1)];
        bool[] truth = new bool[candidates.Length];
        bool[] visible = [.. candidates];
        foreach ((string source, string target) in edges)
        {
            truth[Candidate(source, target)] = true;
        }

        foreach ((string source, string target) in invisibleEdges ?? [])
        {
            int edge = Candidate(source, target);
            visible[edge] = truth[edge] ? false : throw new ArgumentException($"{source} to {target} is invisible, but not true.", nameof(invisibleEdges));
        }

        IsCandidate = Array.AsReadOnly(candidates);
        IsTrue = Array.AsReadOnly(truth);
        IsVisible = Array.AsReadOnly(visible);

        int Candidate(string source, string target) =>
            graph.Contains(source, target) && (int)graph.EdgeIndex(graph.IndexOf(source), graph.IndexOf(target)) is int edge && candidates[edge]
                ? edge
                : throw new ArgumentException($"{source} to {target} is no candidate edge.", nameof(edges));
    }

    /// <summary>The model's components.</summary>
    public ComponentGraph Graph { get; }

    /// <summary>One truth value an edge of <see cref="ComponentGraph.Edges"/>: whether it is a candidate.</summary>
    public IReadOnlyList<bool> IsCandidate { get; }

    /// <summary>One truth value an edge: whether it belongs to the circuit.</summary>
    public IReadOnlyList<bool> IsTrue { get; }

    /// <summary>One truth value an edge: whether it is a candidate that resampled inputs could tell from the others; only true edges may be invisible.</summary>
    public IReadOnlyList<bool> IsVisible { get; }

    /// <summary>Number of true edges.</summary>
    public int Count => IsTrue.Count(isTrue => isTrue);

    /// <summary>A program's truth by the flow of data.</summary>
    /// <param name="program">The program.</param>
    public static CircuitTruth Of(KnownProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return Of(program.Graph, program.Truth);
    }

    /// <summary>A program's truth by InterpBench's own rule.</summary>
    /// <param name="program">The program.</param>
    public static CircuitTruth Upstream(KnownProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return Of(program.Graph, program.UpstreamTruth);
    }

    private static CircuitTruth Of(ComponentGraph graph, IReadOnlyList<KnownEdge> edges) => new(
        graph, edges.Select(edge => (edge.Source, edge.Target)), edges.Where(edge => !edge.ResampleVisible).Select(edge => (edge.Source, edge.Target)));
}
