namespace CircuitLasso;

/// <summary>The same circuit learnt once more where less, or nothing, should be left of it.</summary>
/// <param name="Name">What was changed.</param>
/// <param name="Circuit">What was learnt then.</param>
/// <param name="Survival">What of the circuit is found there too.</param>
public sealed record ExperimentControl(string Name, Circuit Circuit, CircuitSurvival Survival);
