namespace CircuitLasso;

/// <summary>What <c>sfc</c> found. Immutable.</summary>
/// <param name="Circuit">The circuit: kept nodes and edges, pruned to what reaches the behaviour; nodes that were not kept are candidates without edges. A node's relevance is its absolute effect as a share
/// of what the behaviour loses where the whole last site is replaced.</param>
/// <param name="Effects">The effects of all nodes.</param>
/// <param name="KeptNodes">Nodes above the threshold.</param>
/// <param name="BackwardPasses">Passes through a part of the model, backwards, that the edges took: one for each batch and kept node.</param>
/// <param name="NodeSeconds">Seconds for the effects of nodes.</param>
/// <param name="EdgeSeconds">Seconds for edges.</param>
public sealed record SparseFeatureCircuit(Circuit Circuit, FeatureEffects Effects, int KeptNodes, long BackwardPasses, double NodeSeconds, double EdgeSeconds);
