using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>
/// The component graph as a model computes it: every destination reads the sum of its sources. Sources are the nodes of the <see cref="ComponentGraph"/> but the
/// logits; a head has a destination for its queries, and heads that share a key head share that key head's two destinations, for keys and for values. Immutable.
/// </summary>
public sealed class PatchingGraph
{
    private readonly int _keyHeads;
    private readonly int _perLayer;

    /// <summary>The graph of a model.</summary>
    /// <param name="model">The model.</param>
    public PatchingGraph(TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Components = model.Components();
        _keyHeads = model.Description.Attention.KeyValueHeads;
        _perLayer = Components.Heads + (2 * _keyHeads) + 1;
        List<ComponentDestination> destinations = [];
        for (int layer = 0; layer < Components.Layers; layer++)
        {
            destinations.AddRange(Enumerable.Range(0, Components.Heads).Select(head => new ComponentDestination(CircuitNodeKind.AttentionHead, layer, head, HeadInput.Query)));
            destinations.AddRange(Enumerable.Range(0, _keyHeads).Select(head => new ComponentDestination(CircuitNodeKind.AttentionHead, layer, head, HeadInput.Key)));
            destinations.AddRange(Enumerable.Range(0, _keyHeads).Select(head => new ComponentDestination(CircuitNodeKind.AttentionHead, layer, head, HeadInput.Value)));
            destinations.Add(new ComponentDestination(CircuitNodeKind.Mlp, layer, -1, HeadInput.Query));
        }

        destinations.Add(new ComponentDestination(CircuitNodeKind.Logits, -1, -1, HeadInput.Query));
        Destinations = destinations.AsReadOnly();
    }

    /// <summary>The candidate edges.</summary>
    public ComponentGraph Components { get; }

    /// <summary>Number of sources: the nodes without the logits, in their order.</summary>
    public int Sources => Components.Nodes.Count - 1;

    /// <summary>Every destination in computation order; within a layer the queries of every head, keys and values of every key head, the MLP.</summary>
    public IReadOnlyList<ComponentDestination> Destinations { get; }

    /// <summary>Heads that have keys and values of their own, in each layer.</summary>
    public int KeyHeads => _keyHeads;

    /// <summary>The first destination of a layer's inputs; those of the other heads follow it.</summary>
    /// <param name="layer">Layer from 0.</param>
    /// <param name="input">Queries, keys or values.</param>
    public int FirstHeadInput(int layer, HeadInput input) =>
        (layer * _perLayer) + (input == HeadInput.Query ? 0 : Components.Heads + (input == HeadInput.Key ? 0 : _keyHeads));

    /// <summary>The destination of an MLP.</summary>
    /// <param name="layer">Layer from 0.</param>
    public int Mlp(int layer) => (layer * _perLayer) + _perLayer - 1;

    /// <summary>How many sources a destination may read: the first ones.</summary>
    /// <param name="destination">Place in <see cref="Destinations"/>.</param>
    public int SourceCount(int destination)
    {
        ComponentDestination place = Destinations[destination];
        string name = place.Kind switch
        {
            CircuitNodeKind.AttentionHead => ComponentGraph.HeadName(place.Layer, 0),
            CircuitNodeKind.Mlp => ComponentGraph.MlpName(place.Layer),
            _ => "logits",
        };
        return Components.SourceCount(Components.IndexOf(name));
    }

    /// <summary>The destination through which a node reads; for a head by one of its inputs.</summary>
    /// <param name="target">Position of the node in <see cref="ComponentGraph.Nodes"/>; not the input.</param>
    /// <param name="input">Which of a head's inputs.</param>
    /// <exception cref="ArgumentException">The input reads nothing.</exception>
    public int DestinationOf(int target, HeadInput input = HeadInput.Query)
    {
        ComponentNode node = Components.Nodes[target];
        return node.Kind switch
        {
            CircuitNodeKind.AttentionHead => FirstHeadInput(node.Layer!.Value, input)
                + (input == HeadInput.Query ? node.Head!.Value : node.Head!.Value / (Components.Heads / _keyHeads)),
            CircuitNodeKind.Mlp => Mlp(node.Layer!.Value),
            CircuitNodeKind.Logits => Destinations.Count - 1,
            _ => throw new ArgumentException("The input reads nothing.", nameof(target)),
        };
    }

    /// <summary>The destinations through which a node reads: three for a head, one for others.</summary>
    /// <param name="target">Position of the node in <see cref="ComponentGraph.Nodes"/>; not the input.</param>
    public IEnumerable<int> DestinationsOf(int target) =>
        Components.Nodes[target].Kind == CircuitNodeKind.AttentionHead
            ? [DestinationOf(target), DestinationOf(target, HeadInput.Key), DestinationOf(target, HeadInput.Value)]
            : [DestinationOf(target)];
}
