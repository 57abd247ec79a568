namespace CircuitLasso;

/// <summary>A circuit on a curve over lambda.</summary>
/// <param name="Ratio">lambda as a share of the smallest that leaves a regression empty.</param>
/// <param name="Circuit">The circuit.</param>
/// <param name="Seconds">Seconds of learning.</param>
public sealed record LambdaPoint(double Ratio, Circuit Circuit, double Seconds);
