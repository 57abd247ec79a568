namespace CircuitLasso.InterpBench;

/// <summary>One component of the model that a program uses: what it writes and what it reads.</summary>
/// <param name="Component">Its name in the trained model, <c>a1.h2</c> or <c>m0</c>.</param>
/// <param name="HighLevelComponent">Its name in the compiled program, before it was mapped to the trained model.</param>
/// <param name="Writes">Names of the variables that it writes, in ordinal order.</param>
/// <param name="Reads">What it reads, by role and then by name.</param>
public sealed record LayoutComponent(string Component, string HighLevelComponent, IReadOnlyList<string> Writes, IReadOnlyList<ComponentRead> Reads);
