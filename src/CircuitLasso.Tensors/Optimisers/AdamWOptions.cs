namespace CircuitLasso.Tensors;

/// <summary>The constants of AdamW; the defaults are PyTorch's.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the mean of gradients, 0 to below 1.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the mean of squared gradients, 0 to below 1.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>Added to the denominator, at least 0.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Decoupled weight decay, at least 0: parameters shrink by learning rate times this at every step.</summary>
    public float WeightDecay { get; init; } = 0.01f;
}
