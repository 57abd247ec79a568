namespace CircuitLasso;

/// <summary>A concept that is read and not passed on as itself.</summary>
/// <param name="Node">The feature.</param>
/// <param name="Readers">The features of the circuit that read it, strongest edge first; none that reads it strongly is of its concept.</param>
public sealed record FeatureDrop(string Node, IReadOnlyList<string> Readers);
