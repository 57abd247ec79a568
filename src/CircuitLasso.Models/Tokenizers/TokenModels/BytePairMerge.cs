namespace CircuitLasso.Models;

/// <summary>What becomes of a pair of neighbouring tokens.</summary>
/// <param name="Rank">Its place in the list of merges: the lowest goes first.</param>
/// <param name="Id">The token that the two become.</param>
internal readonly record struct BytePairMerge(int Rank, int Id);
