namespace CircuitLasso;

/// <summary>
/// What happens to concepts along a circuit of features, found by rule: chains that persist, merges, drops, and pairs that look spurious. Only edges that are in the circuit and join
/// two features count.
/// </summary>
/// <param name="Chains">Features each of which is the other's closest strong child or parent of the same concept, longest chain first.</param>
/// <param name="Merges">Features with two or more strong parents of different concepts, in computation order.</param>
/// <param name="Drops">Features that others read and none carries on, in computation order.</param>
/// <param name="SpuriousPairs">Strong edges without overlap, and without effect where it was measured; the strongest first.</param>
public sealed record FeaturePhenomena(
    IReadOnlyList<FeatureChain> Chains, IReadOnlyList<FeatureMerge> Merges, IReadOnlyList<FeatureDrop> Drops, IReadOnlyList<SpuriousFeaturePair> SpuriousPairs)
{
    /// <summary>Finds them.</summary>
    /// <param name="circuit">A circuit of features.</param>
    /// <param name="directions">
    /// The decoder direction of a feature in the residual stream, of any length; null where it is not known: then nothing is said of pairs with that feature.
    /// It is asked once for each feature of the circuit.
    /// </param>
    /// <param name="options">The thresholds; the defaults if null.</param>
    /// <param name="effects">What ablating an edge's source takes from its target, as a share of the target's activation, or null where that was not measured; null takes what the edges say (<see cref="CircuitEdge.Effect"/>).</param>
    /// <exception cref="ArgumentException">Two directions have different numbers of coordinates, or one has a number that is not finite.</exception>
    public static FeaturePhenomena Find(
        Circuit circuit, Func<FeatureNodeName, float[]?> directions, FeaturePhenomenaOptions? options = null, Func<CircuitEdge, double?>? effects = null)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(directions);
        options ??= new FeaturePhenomenaOptions();
        CircuitEdge[] edges =
            [.. circuit.Edges.Where(edge => edge.InCircuit && circuit[edge.Source].Kind == CircuitNodeKind.Feature && circuit[edge.Target].Kind == CircuitNodeKind.Feature)];
        FeatureDirections known = new(edges.SelectMany(edge => new[] { edge.Source, edge.Target }).Distinct(StringComparer.Ordinal), directions);
        CircuitEdge[] strong = [.. edges.GroupBy(edge => edge.Target).SelectMany(group => Strong(circuit, [.. group], options))];
        return new FeaturePhenomena(
            Chained(circuit, strong, known, options),
            [.. InOrder(circuit, strong.Select(edge => edge.Target)).Select(node => Merged(node, strong, known, options)).Where(merge => merge.Parents.Count > 1)],
            [.. InOrder(circuit, edges.Select(edge => edge.Source)).Where(node => IsDropped(node, strong, known, options)).Select(node => new FeatureDrop(node, ReadersOf(node, edges)))],
            [.. Spurious(strong, known, options, effects ?? (edge => edge.Effect?.Share))]);
    }

    /// <summary>The pairs that would look spurious if ablation had no effect: strong edges between directions that do not overlap. Their effects are worth measuring (<see cref="AblationEffects"/>).</summary>
    /// <param name="circuit">A circuit of features.</param>
    /// <param name="directions">As for <see cref="Find"/>.</param>
    /// <param name="options">The thresholds; the defaults if null.</param>
    /// <exception cref="ArgumentException">As for <see cref="Find"/>.</exception>
    public static IReadOnlyList<CircuitEdge> SpuriousCandidates(Circuit circuit, Func<FeatureNodeName, float[]?> directions, FeaturePhenomenaOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        return [.. Find(circuit, directions, options, _ => null).SpuriousPairs.Select(pair => circuit.Edge(pair.Source, pair.Target)!)];
    }

    private static IEnumerable<CircuitEdge> Strong(Circuit circuit, CircuitEdge[] entering, FeaturePhenomenaOptions options)
    {
        double largest = entering.Max(edge => Math.Abs(edge.Weight));
        return circuit[entering[0].Target].Explained < options.MinimumExplained || largest == 0 ? [] : entering.Where(edge => Math.Abs(edge.Weight) >= options.StrongShare * largest);
    }

    private static IEnumerable<string> InOrder(Circuit circuit, IEnumerable<string> nodes) => nodes.Distinct(StringComparer.Ordinal).OrderBy(circuit.IndexOf);

    // A link joins two features of which each is the closest that the other has, so that chains never share a feature.
    private static FeatureChain[] Chained(Circuit circuit, CircuitEdge[] strong, FeatureDirections known, FeaturePhenomenaOptions options)
    {
        (CircuitEdge Edge, double Cosine)[] same = [.. strong.Select(edge => (edge, Cosine: known.Cosine(edge.Source, edge.Target) ?? 0)).Where(pair => pair.Cosine >= options.SameConcept)];
        Dictionary<string, (CircuitEdge Edge, double Cosine)> children = Closest(same, edge => edge.Source), parents = Closest(same, edge => edge.Target);
        Dictionary<string, (string Next, double Cosine)> links = [];
        foreach ((string source, (CircuitEdge edge, double cosine)) in children)
        {
            if (parents[edge.Target].Edge == edge)
            {
                links[source] = (edge.Target, cosine);
            }
        }

        HashSet<string> continued = [.. links.Values.Select(link => link.Next)];
        List<FeatureChain> chains = [];
        foreach (string start in InOrder(circuit, links.Keys).Where(node => !continued.Contains(node)))
        {
            List<string> nodes = [start];
            List<double> cosines = [];
            while (links.TryGetValue(nodes[^1], out (string Next, double Cosine) link))
            {
                nodes.Add(link.Next);
                cosines.Add(link.Cosine);
            }

            if (nodes.Count >= options.ShortestChain)
            {
                chains.Add(new FeatureChain(nodes, cosines));
            }
        }

        return [.. chains.OrderByDescending(chain => chain.Nodes.Count)];
    }

    private static Dictionary<string, (CircuitEdge Edge, double Cosine)> Closest((CircuitEdge Edge, double Cosine)[] pairs, Func<CircuitEdge, string> end) =>
        pairs.GroupBy(pair => end(pair.Edge)).ToDictionary(group => group.Key, group => group.MaxBy(pair => pair.Cosine));

    private static FeatureMerge Merged(string node, CircuitEdge[] strong, FeatureDirections known, FeaturePhenomenaOptions options)
    {
        List<string> parents = [];
        foreach (CircuitEdge edge in strong.Where(edge => edge.Target == node).OrderByDescending(edge => Math.Abs(edge.Weight)))
        {
            if (known.Has(edge.Source) && parents.TrueForAll(parent => known.Cosine(parent, edge.Source) < options.SameConcept))
            {
                parents.Add(edge.Source);
            }
        }

        return new FeatureMerge(node, parents);
    }

    private static bool IsDropped(string node, CircuitEdge[] strong, FeatureDirections known, FeaturePhenomenaOptions options) =>
        known.Has(node) && strong.Where(edge => edge.Source == node).All(edge => known.Cosine(node, edge.Target) < options.SameConcept);

    private static string[] ReadersOf(string node, CircuitEdge[] edges) => [.. edges.Where(edge => edge.Source == node).OrderByDescending(edge => Math.Abs(edge.Weight)).Select(edge => edge.Target)];

    private static IEnumerable<SpuriousFeaturePair> Spurious(CircuitEdge[] strong, FeatureDirections known, FeaturePhenomenaOptions options, Func<CircuitEdge, double?> effects)
    {
        foreach (CircuitEdge edge in strong.OrderByDescending(edge => Math.Abs(edge.Weight)))
        {
            double? effect = effects(edge);
            if (known.Cosine(edge.Source, edge.Target) is { } cosine && Math.Abs(cosine) <= options.NoOverlap && !(Math.Abs(effect ?? 0) > options.NoEffect))
            {
                yield return new SpuriousFeaturePair(edge.Source, edge.Target, edge.Weight, cosine, effect);
            }
        }
    }
}
