namespace CircuitLasso.Tensors;

/// <summary>What a normalisation over the last axis computes: y = (x - mean) / sqrt(variance + Epsilon) * (GainOffset + gain) + bias.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Width">Elements of a row.</param>
/// <param name="Epsilon">Added to the variance (or the mean square).</param>
/// <param name="Centred">True for layer normalisation; false for the root mean square, where the mean counts as zero.</param>
/// <param name="GainOffset">Added to every gain (Gemma stores gain - 1).</param>
public readonly record struct NormalizationLayout(long Rows, int Width, float Epsilon, bool Centred, float GainOffset);
