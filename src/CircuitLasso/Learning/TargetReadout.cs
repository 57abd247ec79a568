namespace CircuitLasso;

/// <summary>The fit of the target on all blocks, with what it is worth on rows that it has not seen.</summary>
/// <param name="Readout">The coefficients.</param>
/// <param name="Lambda">The lambda of the target's own regression, chosen by cross-validation.</param>
/// <param name="Predictable">Whether it beats shuffled targets.</param>
/// <param name="EntersAt">For every block, the lambda of the target's own path at which it enters; 0 where it never does.</param>
/// <param name="Metrics">Held-out measures beside those of shuffled targets.</param>
/// <param name="Missed">Whether its certificate missed the tolerance.</param>
/// <param name="RelativeGap">Its certificate.</param>
internal sealed record TargetReadout(
    Readout Readout, double Lambda, bool Predictable, double[] EntersAt, IReadOnlyList<(string Name, double Value)> Metrics, bool Missed, double RelativeGap);
