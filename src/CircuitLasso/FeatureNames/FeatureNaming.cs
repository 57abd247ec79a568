using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Says what the features of a circuit are: on which texts they are strong, how often, which tokens they promote, and where their pages are. Each function returns a
/// new circuit and looks only at features in the circuit, not at candidates. Thread-safe.
/// </summary>
public static class FeatureNaming
{
    /// <summary>Examples of a feature where nothing else is said.</summary>
    public const int DefaultExamples = 5;

    /// <summary>Promoted tokens, and as many suppressed ones, of a feature where nothing else is said.</summary>
    public const int DefaultTokens = 8;

    // Peak tokens are counted over more texts than are shown.
    private const int ObservedTexts = 20;
    private const int DirectionsAtOnce = 32;

    /// <summary>
    /// Adds to each feature how often and how strongly it is active in a store, the texts on which it is strongest with the tokens that fire, and, where it has no label, one
    /// that lists the tokens on which it is strongest. One pass over the store, in memory of a block of rows and the texts that are kept.
    /// </summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="store">A store with the features of its sites, of every token or pooled.</param>
    /// <param name="tokenText">A token's text by its id; used where the store has a row for every token.</param>
    /// <param name="texts">Where positions are pooled: shows the texts; null leaves the examples out.</param>
    /// <param name="examples">Examples of a feature, at least 1.</param>
    /// <param name="progress">Told about rows done.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="InputException">The store does not hold the features, or is damaged.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Circuit AddExamples(
        Circuit circuit,
        ActivationStoreReader store,
        Func<int, string> tokenText,
        PooledTexts? texts = null,
        int examples = DefaultExamples,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(tokenText);
        ArgumentOutOfRangeException.ThrowIfLessThan(examples, 1);
        bool isPooled = store.Manifest.Pooling != Pooling.None;
        ILookup<FeatureName, string> nodes = Features(circuit);
        IReadOnlyList<FeatureObservation> observations = FeatureObserver.Observe(
            store, nodes.Select(feature => feature.Key), isPooled ? examples : Math.Max(examples, ObservedTexts), progress, cancellation);
        Dictionary<string, FeatureProfile> profiles = circuit.Profiles.ToDictionary(profile => profile.Node);
        foreach (FeatureObservation observation in observations)
        {
            FeatureProfile seen = observation.Profile(store.RowCount);
            foreach (string node in nodes[observation.Name])
            {
                FeatureProfile? known = profiles.GetValueOrDefault(node);
                profiles[node] = seen with { Node = node, Promoted = known?.Promoted ?? [], Suppressed = known?.Suppressed ?? [] };
            }
        }

        IReadOnlyDictionary<FeatureName, CircuitExample[]> shown = isPooled
            ? texts?.Show(observations, progress, cancellation) ?? new Dictionary<FeatureName, CircuitExample[]>()
            : observations.ToDictionary(observation => observation.Name, observation => observation.Strongest.Select(text => Example(observation.Name, text, tokenText)).ToArray());
        Dictionary<string, CircuitExample[]> found = shown
            .SelectMany(feature => nodes[feature.Key].Select(node => (node, Examples: feature.Value.Select(example => example with { Node = node }).ToArray())))
            .ToDictionary(pair => pair.node, pair => pair.Examples);
        Circuit labelled = circuit.With(nodes: circuit.Nodes.Select(node =>
            found.TryGetValue(node.Name, out CircuitExample[]? of) && (node.Label is null || PeakTokens.IsLabel(node.Label)) ? node with { Label = PeakTokens.Label(of) ?? node.Label } : node));
        return labelled.With(
            examples: circuit.Examples.Where(example => !found.ContainsKey(example.Node)).Concat(found.Values.SelectMany(of => of.Take(examples))),
            profiles: profiles.Values);
    }

    /// <summary>Adds the tokens that each feature promotes and suppresses most.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="effects">What directions do to the logits.</param>
    /// <param name="direction">What one unit of a feature, given by its node, adds to the residual stream; null for a feature that writes something else.</param>
    /// <param name="tokenText">A token's text by its id; null for an id that no token has.</param>
    /// <param name="tokens">Tokens of each kind, at least 1.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Circuit AddTokenEffects(
        Circuit circuit, ITokenEffects effects, Func<CircuitNode, float[]?> direction, Func<int, string?> tokenText, int tokens = DefaultTokens, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(effects);
        ArgumentNullException.ThrowIfNull(direction);
        ArgumentNullException.ThrowIfNull(tokenText);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        Dictionary<string, FeatureProfile> profiles = circuit.Profiles.ToDictionary(profile => profile.Node);
        float[] logits = new float[(long)DirectionsAtOnce * effects.TokenCount];
        foreach (IGrouping<FeatureName, string>[] some in Features(circuit).Where(feature => direction(circuit[feature.First()])?.Length == effects.Width).Chunk(DirectionsAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            Span<float> results = logits.AsSpan(0, some.Length * effects.TokenCount);
            effects.Compute(some.SelectMany(feature => direction(circuit[feature.First()])!).ToArray(), results);
            for (int i = 0; i < some.Length; i++)
            {
                float[] row = results.Slice(i * effects.TokenCount, effects.TokenCount).ToArray();
                (TokenEffect[] promoted, TokenEffect[] suppressed) = (Strongest(row, 1, tokens, tokenText), Strongest(row, -1, tokens, tokenText));
                foreach (string node in some[i])
                {
                    profiles[node] = (profiles.GetValueOrDefault(node) ?? new FeatureProfile(node, 0, 0, 0, 0)) with { Promoted = promoted, Suppressed = suppressed };
                }
            }
        }

        return circuit.With(profiles: profiles.Values);
    }

    /// <summary>Notes where the pages of a site's features are on Neuronpedia; exports and reports link to them.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="sources">The sources, by site.</param>
    public static Circuit AddSources(Circuit circuit, IReadOnlyDictionary<string, NeuronpediaSource> sources)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(sources);
        OrderedDictionary<string, string> provenance = new(circuit.Provenance, StringComparer.Ordinal);
        foreach (string site in sources.Keys.Order(NodeNameOrder.Instance))
        {
            provenance[NeuronpediaSource.ProvenanceKey(site)] = sources[site].ToString();
        }

        return circuit.With(provenance: provenance);
    }

    /// <summary>The address of a feature's page on Neuronpedia; null where the circuit does not know the source of its site.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="node">Name of a node.</param>
    public static string? PageOf(Circuit circuit, string node)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        return FeatureName.Parse(node) is { } name && NeuronpediaSource.Of(circuit, name) is { } source ? source.Page(name.Index) : null;
    }

    // The features of the circuit without its candidates, each with its nodes: one, or one a position.
    private static ILookup<FeatureName, string> Features(Circuit circuit) => circuit.NodesInCircuit()
        .Where(name => circuit[name].Kind == CircuitNodeKind.Feature && FeatureName.Parse(name) is not null)
        .ToLookup(name => FeatureName.Parse(name)!.Value);

    private static CircuitExample Example(FeatureName name, ObservedText text, Func<int, string> tokenText)
    {
        ExampleToken[] tokens = [.. text.Tokens.Select((id, position) => new ExampleToken(tokenText(id), text.Values[position]))];
        return new CircuitExample(name.ToString(), string.Concat(tokens.Select(token => token.Text)), text.Value) { Tokens = tokens };
    }

    // Equal effects come in the order of the ids.
    private static TokenEffect[] Strongest(float[] effects, int sign, int count, Func<int, string?> tokenText)
    {
        PriorityQueue<int, (float, int)> kept = new(count + 1);
        for (int id = 0; id < effects.Length; id++)
        {
            if (float.IsFinite(effects[id]) && (kept.Count < count || kept.TryPeek(out _, out (float Effect, int) weakest) && sign * effects[id] > weakest.Effect) && tokenText(id) is not null)
            {
                kept.Enqueue(id, (sign * effects[id], -id));
                if (kept.Count > count)
                {
                    kept.Dequeue();
                }
            }
        }

        TokenEffect[] strongest = new TokenEffect[kept.Count];
        for (int i = strongest.Length - 1; i >= 0; i--)
        {
            int id = kept.Dequeue();
            strongest[i] = new TokenEffect(tokenText(id)!, effects[id]);
        }

        return strongest;
    }
}
