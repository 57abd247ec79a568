namespace CircuitLasso;

/// <summary>Which nodes and edges of a circuit are found in another one. Only edges in the circuits count, not candidates. Immutable.</summary>
public sealed class CircuitMatch
{
    /// <summary>From this cosine on, features of two autoencoders are taken for the same.</summary>
    public const double SameFeature = 0.7;

    private CircuitMatch(IReadOnlyList<string> nodes, IReadOnlyDictionary<string, IReadOnlyList<string>> matches, int edges, IReadOnlyList<(CircuitEdge Edge, CircuitEdge Other)> survivingEdges)
    {
        (Nodes, Matches, SurvivingEdges) = (nodes, matches, survivingEdges);
        Survival = new CircuitSurvival(nodes.Count, nodes.Count(node => matches[node].Count > 0), edges, survivingEdges.Count);
    }

    /// <summary>The features (or heads and MLPs, or blocks) of the circuit, in computation order.</summary>
    public IReadOnlyList<string> Nodes { get; }

    /// <summary>Of each of <see cref="Nodes"/> those of the other circuit that match it, the closest first.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Matches { get; }

    /// <summary>The edges whose two ends match the ends of one edge of the other circuit, each with the strongest such edge; the strongest first.</summary>
    public IReadOnlyList<(CircuitEdge Edge, CircuitEdge Other)> SurvivingEdges { get; }

    /// <summary>The numbers.</summary>
    public CircuitSurvival Survival { get; }

    /// <summary>Compares circuits.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="other">The other one.</param>
    /// <param name="directions">As for <see cref="CircuitSurvival.Compare"/>.</param>
    public static CircuitMatch Of(Circuit circuit, Circuit other, (Func<FeatureNodeName, float[]?> First, Func<FeatureNodeName, float[]?> Second)? directions = null)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(other);
        string[] nodes = [.. circuit.NodesInCircuit()], others = [.. other.NodesInCircuit()];
        HashSet<string> known = [.. others];
        Dictionary<string, IReadOnlyList<string>> matches = directions is { } both
            ? ByDirection(nodes, others, both.First, both.Second)
            : nodes.ToDictionary(node => node, node => (IReadOnlyList<string>)(known.Contains(node) ? [node] : []));
        CircuitEdge[] edges = [.. circuit.Edges.Where(edge => edge.InCircuit)];
        (CircuitEdge, CircuitEdge)[] surviving =
        [
            .. edges.OrderByDescending(edge => Math.Abs(edge.Weight))
                .Select(edge => (Edge: edge, Other: matches[edge.Source].SelectMany(source => matches[edge.Target].Select(target => other.Edge(source, target)))
                    .Where(found => found is { InCircuit: true }).MaxBy(found => Math.Abs(found!.Weight))))
                .Where(pair => pair.Other is not null).Select(pair => (pair.Edge, pair.Other!)),
        ];
        return new CircuitMatch([.. nodes.Where(node => Counts(circuit[node].Kind))], matches, edges.Length, surviving);
    }

    private static bool Counts(CircuitNodeKind kind) => kind is CircuitNodeKind.Feature or CircuitNodeKind.AttentionHead or CircuitNodeKind.Mlp or CircuitNodeKind.Block;

    private static Dictionary<string, IReadOnlyList<string>> ByDirection(string[] nodes, string[] others, Func<FeatureNodeName, float[]?> first, Func<FeatureNodeName, float[]?> second)
    {
        FeatureDirections theirs = new(others, second);
        ILookup<(string, int?), string> byPlace = others.Where(name => FeatureNodeName.TryParse(name) is { Feature: not null }).ToLookup(name => (FeatureNodeName.Parse(name).Site, FeatureNodeName.Parse(name).Position));
        Dictionary<string, IReadOnlyList<string>> matches = [];
        foreach (string node in nodes)
        {
            matches[node] = FeatureNodeName.TryParse(node) is not { Feature: not null } feature ? [.. others.Where(candidate => candidate == node)]
                : first(feature) is not { } direction ? []
                : [.. byPlace[(feature.Site, feature.Position)].Select(candidate => (candidate, Cosine: theirs.Cosine(candidate, direction))).Where(pair => pair.Cosine >= SameFeature)
                    .OrderByDescending(pair => pair.Cosine).Select(pair => pair.candidate)];
        }

        return matches;
    }
}
