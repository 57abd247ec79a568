namespace CircuitLasso;

/// <summary>A feature that is made of different concepts.</summary>
/// <param name="Node">The feature.</param>
/// <param name="Parents">Its strong parents, no two of one concept, the strongest first.</param>
public sealed record FeatureMerge(string Node, IReadOnlyList<string> Parents);
