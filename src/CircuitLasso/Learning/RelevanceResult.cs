namespace CircuitLasso;

/// <summary>What <see cref="RelevancePropagation"/> finds.</summary>
/// <param name="Blocks">One entry per block of the design.</param>
/// <param name="Edges">Pairs of blocks with a coefficient that is not zero, in order of (target, source).</param>
/// <param name="TargetEdges">The blocks that the target is read from; their <see cref="EdgeRelevance.Target"/> is -1.</param>
/// <param name="TargetExplained">The share of the target's variation that the readout explains.</param>
internal sealed record RelevanceResult(
    IReadOnlyList<BlockRelevance> Blocks, IReadOnlyList<EdgeRelevance> Edges, IReadOnlyList<EdgeRelevance> TargetEdges, double TargetExplained);
