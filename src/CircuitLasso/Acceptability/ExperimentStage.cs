namespace CircuitLasso;

/// <summary>A part of an experiment.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Seconds">What it took, in this run or, where it was kept, in an earlier one.</param>
/// <param name="Kept">Whether all of it was kept from an earlier run.</param>
public sealed record ExperimentStage(string Name, double Seconds, bool Kept);
