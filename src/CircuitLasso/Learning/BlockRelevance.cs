namespace CircuitLasso;

/// <summary>How much a block matters to the target.</summary>
/// <param name="Relevance">Share of the target's variation that passes through the block, 0 to 1: min(1, V(r T) / V(target)).</param>
/// <param name="Explained">Share of that part of the block's own variation that its sources explain, 0 to 1; null for a block without sources or without relevance.</param>
internal readonly record struct BlockRelevance(double Relevance, double? Explained);
