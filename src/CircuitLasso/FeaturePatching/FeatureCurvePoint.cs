namespace CircuitLasso;

/// <summary>One circuit of a <see cref="FeatureCurve"/>.</summary>
/// <param name="Kept">How many nodes (or edges) were asked for.</param>
/// <param name="Evaluation">What it keeps and what is left without it.</param>
public sealed record FeatureCurvePoint(int Kept, CircuitEvaluation Evaluation);
