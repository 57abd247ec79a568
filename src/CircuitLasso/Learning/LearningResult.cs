using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>A circuit learnt by Lasso, and how it came about.</summary>
/// <param name="Circuit">The circuit; none of its edges belongs to it where the target is not predictable.</param>
/// <param name="Lambda">The lambda it was read at; 0 where no block varies with an earlier one, so that every lambda gives the same: nothing.</param>
/// <param name="Predictable">Whether the target can be predicted better than a shuffled one; true where nothing was asked (blocks without a target column of their own).</param>
/// <param name="MissedTargets">Regressions whose certificate missed the tolerance: above zero the result is not to be trusted.</param>
/// <param name="LargestRelativeGap">The worst certificate.</param>
public sealed record LearningResult(Circuit Circuit, double Lambda, bool Predictable, int MissedTargets, double LargestRelativeGap);
