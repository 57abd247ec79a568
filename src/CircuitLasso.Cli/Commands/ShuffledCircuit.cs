namespace CircuitLasso.Cli;

/// <summary>What was learnt of a target in random order.</summary>
/// <param name="File">The circuit's file.</param>
/// <param name="Result">The circuit.</param>
/// <param name="Survival">What of the target's own circuit is found in it.</param>
internal sealed record ShuffledCircuit(string File, FeatureCircuitResult Result, CircuitSurvival Survival);
