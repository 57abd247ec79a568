using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Nodes in the order in which growing circuits take them. Immutable.</summary>
public sealed class FeatureRanking
{
    /// <summary>Makes a ranking.</summary>
    /// <param name="name">What ranks, for tables.</param>
    /// <param name="nodes">Nodes, the strongest first, each once.</param>
    public FeatureRanking(string name, IEnumerable<FeatureNode> nodes)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(nodes);
        Name = name;
        Nodes = [.. nodes];
    }

    /// <summary>What ranks.</summary>
    public string Name { get; }

    /// <summary>Nodes, the strongest first.</summary>
    public IReadOnlyList<FeatureNode> Nodes { get; }

    /// <summary>By the absolute indirect effect; nodes without effect are left out.</summary>
    /// <param name="name">What ranks.</param>
    /// <param name="effects">The effects.</param>
    public static FeatureRanking ByEffect(string name, FeatureEffects effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        return Of(name, effects.Values.Select(pair => (pair.Key, Math.Abs(pair.Value))));
    }

    /// <summary>By the relevance of a circuit's nodes; nodes without relevance are left out.</summary>
    /// <param name="name">What ranks.</param>
    /// <param name="circuit">A circuit of features.</param>
    /// <param name="sites">The sites.</param>
    /// <param name="keepPositions">Whether nodes of single positions are nodes of their own; otherwise a feature has the relevances of all its positions together.</param>
    /// <exception cref="InputException">The circuit has a feature or an error of another site.</exception>
    public static FeatureRanking ByRelevance(string name, Circuit circuit, AutoencoderSites sites, bool keepPositions = true)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(sites);
        return Of(
            name,
            NodesOf(circuit, sites, circuit.Nodes)
                .GroupBy(pair => keepPositions ? pair.Node : pair.Node with { Position = FeatureNode.Everywhere })
                .Select(group => (group.Key, group.Sum(pair => pair.Of.Relevance))));
    }

    /// <summary>In random order.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="seed">Seed of the order.</param>
    public static FeatureRanking Random(IEnumerable<FeatureNode> nodes, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        FeatureNode[] shuffled = [.. nodes];
        RandomSource random = new(seed);
        for (int i = shuffled.Length - 1; i > 0; i--)
        {
            int other = random.NextInt32(i + 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return new FeatureRanking("random", shuffled);
    }

    /// <summary>The features and errors on the edges of a circuit, in the order of computation.</summary>
    /// <param name="circuit">A circuit of features.</param>
    /// <param name="sites">The sites.</param>
    /// <exception cref="InputException">The circuit has a feature or an error of another site.</exception>
    public static IReadOnlyList<FeatureNode> NodesInCircuit(Circuit circuit, AutoencoderSites sites)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(sites);
        return [.. NodesOf(circuit, sites, circuit.NodesInCircuit().Select(name => circuit[name])).Select(pair => pair.Node)];
    }

    internal static FeatureRanking Of(string name, IEnumerable<(FeatureNode Node, double Score)> scores) =>
        new(name, scores.Where(pair => pair.Score > 0).OrderByDescending(pair => pair.Score).Select(pair => pair.Node));

    /// <summary>The features and errors among a circuit's nodes.</summary>
    internal static IEnumerable<(FeatureNode Node, CircuitNode Of)> NodesOf(Circuit circuit, AutoencoderSites sites, IEnumerable<CircuitNode> nodes)
    {
        foreach (CircuitNode node in nodes.Where(node => node.Kind is CircuitNodeKind.Feature or CircuitNodeKind.Error))
        {
            yield return (
                sites.Find(node.Name) ?? throw new InputException(node.Name, "is no feature or error of the sites that have autoencoders", "give the autoencoders that the circuit was found with (--sae)"),
                node);
        }
    }
}
