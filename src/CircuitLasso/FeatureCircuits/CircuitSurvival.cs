namespace CircuitLasso;

/// <summary>What of a circuit of features is found in another one, learnt under other conditions.</summary>
/// <param name="Features">Features of the circuit.</param>
/// <param name="SurvivingFeatures">Those that match one in the other circuit.</param>
/// <param name="Edges">Edges of the circuit.</param>
/// <param name="SurvivingEdges">Those whose two ends match the ends of one edge of the other circuit.</param>
public sealed record CircuitSurvival(int Features, int SurvivingFeatures, int Edges, int SurvivingEdges)
{
    /// <summary>From this cosine on, features of two autoencoders are taken for the same.</summary>
    public const double SameFeature = 0.7;

    /// <summary>Compares circuits; only edges in the circuits count, not candidates.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="other">The other one.</param>
    /// <param name="directions">
    /// Decoder directions of a feature in the first and in the second circuit's autoencoders, where these differ: features of one site match if their cosine is at least
    /// <see cref="SameFeature"/>. Null where both have the same autoencoders: then names match. Errors and targets match by name.
    /// </param>
    public static CircuitSurvival Compare(Circuit circuit, Circuit other, (Func<FeatureNodeName, float[]?> First, Func<FeatureNodeName, float[]?> Second)? directions = null)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(other);
        string[] nodes = [.. circuit.NodesInCircuit()], others = [.. other.NodesInCircuit()];
        Dictionary<string, HashSet<string>> matches = directions is { } both
            ? Match(nodes, others, both.First, both.Second)
            : nodes.ToDictionary(node => node, node => others.Contains(node) ? (HashSet<string>)[node] : []);
        CircuitEdge[] edges = [.. circuit.Edges.Where(edge => edge.InCircuit)];
        string[] features = [.. nodes.Where(node => circuit[node].Kind == CircuitNodeKind.Feature)];
        return new CircuitSurvival(
            features.Length,
            features.Count(node => matches[node].Count > 0),
            edges.Length,
            edges.Count(edge => matches[edge.Source].Any(source => matches[edge.Target].Any(target => other.Edge(source, target) is { InCircuit: true }))));
    }

    private static Dictionary<string, HashSet<string>> Match(string[] nodes, string[] others, Func<FeatureNodeName, float[]?> first, Func<FeatureNodeName, float[]?> second)
    {
        FeatureDirections theirs = new(others, second);
        Dictionary<string, HashSet<string>> matches = [];
        foreach (string node in nodes)
        {
            FeatureNodeName? name = FeatureNodeName.TryParse(node);
            matches[node] = name is not { Feature: not null } feature
                ? [.. others.Where(candidate => candidate == node)]
                : first(feature) is { } direction ? [.. others.Where(candidate => FeatureNodeName.TryParse(candidate) is { Feature: not null } match && match.Site == feature.Site && theirs.Cosine(candidate, direction) >= SameFeature)] : [];
        }

        return matches;
    }
}
