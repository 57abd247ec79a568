namespace CircuitLasso.InterpBench;

/// <summary>Where a program lives in its transformer, and the edges that follow from it.</summary>
internal sealed record KnownLayout(
    LowLevelShape Shape,
    ComponentGraph Graph,
    IReadOnlyList<LayoutComponent> Components,
    IReadOnlyList<InterchangeNode> InterchangeNodes,
    IReadOnlyList<string> OutsideNodes,
    IReadOnlyList<KnownEdge> Truth,
    IReadOnlyList<KnownEdge> UpstreamTruth);
