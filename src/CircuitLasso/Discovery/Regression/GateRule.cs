namespace CircuitLasso;

/// <summary>How large the lambda of a reader's gates is, the same for every model and task.</summary>
/// <param name="Ratio">Half lambda over the loss with all gates shut, of a reader that counts whole.</param>
/// <param name="WholeShare">A reader with this share of the outputs' variation or more counts whole.</param>
/// <param name="Power">
/// Any other reader counts less by this power of its share over <paramref name="WholeShare"/>, and has a lambda as much larger: it must have one source that matters all the more.
/// </param>
internal sealed record GateRule(double Ratio, double WholeShare, double Power)
{
    /// <summary>How much a reader counts, at most 1.</summary>
    /// <param name="share">The reader's share of the outputs' variation.</param>
    public double Weight(double share) => Math.Min(1, Math.Pow(share / WholeShare, Power));
}
