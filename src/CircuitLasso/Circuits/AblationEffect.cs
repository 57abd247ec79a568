namespace CircuitLasso;

/// <summary>What ablating the source of an edge does to its target, measured by the model itself.</summary>
/// <param name="Share">
/// What the ablation takes from the target, as a share of what the target is with or without it, whichever is more: from 1 (all of it) through 0 (nothing) to -1 (it is active
/// only where the source is ablated). Sums over the rows on which the source is active.
/// </param>
/// <param name="Rows">Those rows: tokens, or texts where positions are pooled. At least 1.</param>
public sealed record AblationEffect(double Share, long Rows);
