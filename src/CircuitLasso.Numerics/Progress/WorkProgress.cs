namespace CircuitLasso.Numerics;

/// <summary>How far a piece of long work has come. Work reports it through <see cref="IProgress{T}"/> as often as it likes; whoever shows it drops what is too much.</summary>
/// <param name="Stage">What is being done, in a few words: <c>collecting</c>.</param>
/// <param name="Done">How much is done.</param>
/// <param name="Total">How much there is; null when that is not known.</param>
/// <param name="Unit">What is counted, in the plural: <c>rows</c>.</param>
public readonly record struct WorkProgress(string Stage, long Done, long? Total, string Unit);
