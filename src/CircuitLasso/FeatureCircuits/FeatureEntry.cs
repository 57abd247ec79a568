namespace CircuitLasso;

/// <summary>What one regression gives one column of its sources.</summary>
/// <param name="Column">The column.</param>
/// <param name="Values">The coefficient, or one for each class.</param>
/// <param name="EntersAt">The largest lambda of the path at which it is not zero; null without a path.</param>
/// <param name="Stability">The share of half-samples in which it is not zero; null where there were none.</param>
internal readonly record struct FeatureEntry(int Column, double[] Values, double? EntersAt, double? Stability);
