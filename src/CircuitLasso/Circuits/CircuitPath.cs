namespace CircuitLasso;

/// <summary>One path through a circuit.</summary>
/// <param name="Nodes">Names of its nodes, from where it starts to the target.</param>
/// <param name="Strength">The product of its edges' shares, from 0 to 1; see <see cref="StrongestPaths"/>.</param>
public sealed record CircuitPath(IReadOnlyList<string> Nodes, double Strength);
