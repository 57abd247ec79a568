namespace CircuitLasso;

/// <summary>What the regression says of one edge.</summary>
/// <param name="Source">Index of the source block.</param>
/// <param name="Target">Index of the target block, or -1 for what the circuit explains.</param>
/// <param name="Weight">Share of the target block's relevant variation that the source carries, times the target block's relevance; 0 to 1.</param>
/// <param name="Norm">Frobenius norm of the coefficient block.</param>
internal readonly record struct EdgeRelevance(int Source, int Target, double Weight, double Norm);
