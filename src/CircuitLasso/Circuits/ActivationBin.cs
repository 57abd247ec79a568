namespace CircuitLasso;

/// <summary>One bar of a histogram of activations.</summary>
/// <param name="Lower">The smallest activation that is counted here.</param>
/// <param name="Upper">The smallest activation that no longer is.</param>
/// <param name="Count">Number of rows.</param>
public readonly record struct ActivationBin(double Lower, double Upper, long Count);
