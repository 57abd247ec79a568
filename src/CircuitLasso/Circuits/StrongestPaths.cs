namespace CircuitLasso;

/// <summary>
/// The strongest paths of a circuit to its target. An edge's share is |weight| over the sum of |weight| of all edges into the same node, candidates
/// included; a path's strength is the product of its edges' shares. It reads: if every node passed back what it gives in proportion to the weights
/// of what it reads, this fraction of the target would come along this path. (The shares are circuit-tracer's row-normalised direct effects.)
/// </summary>
public static class StrongestPaths
{
    /// <summary>
    /// Finds the strongest paths through edges of the circuit, exactly. A path starts at a node that reads nothing in the circuit and ends at the
    /// target. Equal strengths come in computation order.
    /// </summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="count">How many paths at most, at least 1.</param>
    /// <returns>The paths, strongest first; empty when no edge of the circuit ends at the target.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static IReadOnlyList<CircuitPath> Find(Circuit circuit, int count)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        IReadOnlyDictionary<CircuitEdge, double> shares = Shares(circuit);
        ILookup<string, CircuitEdge> incoming = circuit.Edges.Where(edge => edge.InCircuit && edge.Weight != 0).ToLookup(edge => edge.Target);

        // best[v]: the strongest ways to reach v, each as its last edge and the rank of the way to that edge's source. A path's strongest
        // beginnings are among the strongest ways to the node before, since shares are not negative.
        Dictionary<string, Way[]> best = new(StringComparer.Ordinal);
        foreach (CircuitNode node in circuit.Nodes)
        {
            Way[] ways = [.. incoming[node.Name]
                .SelectMany(edge => best[edge.Source].Select((way, rank) => new Way(edge, rank, way.Strength * shares[edge])))
                .OrderByDescending(way => way.Strength)
                .Take(count)];
            best.Add(node.Name, ways.Length > 0 ? ways : [new Way(null, 0, 1)]);
        }

        return [.. best[circuit.Target.Name].Where(way => way.Edge is not null).Select(way => new CircuitPath(Trace(best, circuit.Target.Name, way), way.Strength))];
    }

    /// <summary>Every edge's share of what enters its target; 0 where everything that enters has weight 0.</summary>
    /// <param name="circuit">The circuit.</param>
    public static IReadOnlyDictionary<CircuitEdge, double> Shares(Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);

        // Scaled by the largest weight first, so that sums of huge weights stay finite.
        Dictionary<string, double> largest = circuit.Edges.GroupBy(edge => edge.Target).ToDictionary(group => group.Key, group => group.Max(edge => Math.Abs(edge.Weight)));
        Dictionary<string, double> sums = circuit.Edges.GroupBy(edge => edge.Target)
            .ToDictionary(group => group.Key, group => group.Sum(edge => Scaled(edge, largest)));
        return circuit.Edges.ToDictionary(edge => edge, edge => largest[edge.Target] > 0 ? Scaled(edge, largest) / sums[edge.Target] : 0);
    }

    private static double Scaled(CircuitEdge edge, Dictionary<string, double> largest) =>
        largest[edge.Target] > 0 ? Math.Abs(edge.Weight) / largest[edge.Target] : 0;

    private static List<string> Trace(Dictionary<string, Way[]> best, string end, Way way)
    {
        List<string> names = [end];
        for (Way step = way; step.Edge is not null; step = best[step.Edge.Source][step.Rank])
        {
            names.Add(step.Edge.Source);
        }

        names.Reverse();
        return names;
    }

    private readonly record struct Way(CircuitEdge? Edge, int Rank, double Strength);
}
