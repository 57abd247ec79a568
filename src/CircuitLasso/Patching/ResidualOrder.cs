namespace CircuitLasso;

/// <summary>
/// The order of a residual stream's sum: input, then layer by layer each head, the output bias of the attention where it has one, and the MLP. A stage is a place that reads
/// the terms before its first: attention 2 l, MLP 2 l + 1, logits last. Immutable.
/// </summary>
internal sealed class ResidualOrder
{
    private readonly PatchingGraph _graph;

    /// <summary>Lays out the terms.</summary>
    /// <param name="graph">Sources and destinations.</param>
    /// <param name="hasBias">Whether the attention of each layer has an output bias, which is a term that no source writes.</param>
    public ResidualOrder(PatchingGraph graph, bool[] hasBias)
    {
        _graph = graph;
        ComponentGraph components = graph.Components;
        FirstTerm = new int[(2 * components.Layers) + 1];
        List<int> termOfSource = [0];
        int next = 1;
        for (int layer = 0; layer < components.Layers; layer++)
        {
            FirstTerm[2 * layer] = next;
            termOfSource.AddRange(Enumerable.Range(next, components.Heads));
            next += components.Heads + (hasBias[layer] ? 1 : 0);
            FirstTerm[(2 * layer) + 1] = components.ParallelBlocks ? FirstTerm[2 * layer] : next;
            termOfSource.Add(next++);
        }

        FirstTerm[^1] = next;
        TermOfSource = [.. termOfSource];
    }

    /// <summary>By stage, how many terms it reads.</summary>
    public int[] FirstTerm { get; }

    /// <summary>By source, the term that it writes; rising.</summary>
    public int[] TermOfSource { get; }

    /// <summary>Number of stages.</summary>
    public int Stages => FirstTerm.Length;

    /// <summary>Number of terms.</summary>
    public int Terms => FirstTerm[^1];

    /// <summary>The term that the MLP of a layer writes.</summary>
    public int MlpTerm(int layer) => TermOfSource[1 + (layer * (_graph.Components.Heads + 1)) + _graph.Components.Heads];

    /// <summary>The stage of a destination.</summary>
    public int StageOf(int destination)
    {
        ComponentDestination place = _graph.Destinations[destination];
        return place.Kind == CircuitNodeKind.Logits ? Stages - 1 : (2 * place.Layer) + (place.Kind == CircuitNodeKind.Mlp ? 1 : 0);
    }

    /// <summary>The first stage that a patch changes; <see cref="Stages"/> where it changes none.</summary>
    public int FirstPatchedStage(EdgePatch patch)
    {
        for (int destination = 0; destination < _graph.Destinations.Count; destination++)
        {
            if (patch.FirstPatched(destination) >= 0)
            {
                return StageOf(destination);
            }
        }

        return Stages;
    }
}
