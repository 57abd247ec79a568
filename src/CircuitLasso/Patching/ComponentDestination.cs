namespace CircuitLasso;

/// <summary>One place of a model that reads a sum of its sources: the queries of a head, the keys or values of a key head, an MLP, or the logits.</summary>
/// <param name="Kind">Attention head, MLP or logits.</param>
/// <param name="Layer">Layer from 0; -1 for the logits.</param>
/// <param name="Head">The query head, or for keys and values the key head, from 0; -1 for everything else.</param>
/// <param name="Input">Which of a head's inputs; queries for everything else.</param>
public readonly record struct ComponentDestination(CircuitNodeKind Kind, int Layer, int Head, HeadInput Input);
