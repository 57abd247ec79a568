namespace CircuitLasso;

/// <summary>One node of a <see cref="ComponentGraph"/>.</summary>
/// <param name="Name">EAP-IG's name: <c>input</c>, <c>a2.h1</c>, <c>m3</c> or <c>logits</c>.</param>
/// <param name="Kind">Input, attention head, MLP or logits.</param>
/// <param name="Layer">Layer from 0; null for input and logits.</param>
/// <param name="Head">Head from 0; null for everything else.</param>
/// <param name="Place">Place in the order of computation; nodes that share one cannot read each other.</param>
public sealed record ComponentNode(string Name, CircuitNodeKind Kind, int? Layer, int? Head, int Place)
{
    /// <summary>The same node for a circuit.</summary>
    public CircuitNode ToCircuitNode() => new(Name, Kind, Place) { Layer = Layer };
}
