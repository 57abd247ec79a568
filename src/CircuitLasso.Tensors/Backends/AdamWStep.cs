namespace CircuitLasso.Tensors;

/// <summary>The numbers of one AdamW step: p := p (1 - Decay) - StepSize m / (sqrt(v) / SecondCorrection + Epsilon), after the moments m and v took in the gradient.</summary>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the denominator.</param>
/// <param name="Decay">Learning rate times weight decay.</param>
/// <param name="StepSize">Learning rate over 1 - Beta1^t.</param>
/// <param name="SecondCorrection">sqrt(1 - Beta2^t).</param>
public readonly record struct AdamWStep(float Beta1, float Beta2, float Epsilon, float Decay, float StepSize, float SecondCorrection);
