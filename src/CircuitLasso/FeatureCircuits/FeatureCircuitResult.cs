namespace CircuitLasso;

/// <summary>A circuit of features, and how it came about. Immutable.</summary>
/// <param name="Circuit">
/// The circuit at the level of the data set: a weight is the coefficient, in the units of the features as stored (of an error the Frobenius norm of its coefficients;
/// into more than two classes the norm over classes; <see cref="Circuit.Coefficients"/> holds what is behind these). None of its edges belongs to it where the target is not predictable.
/// </param>
/// <param name="Prompt">The circuit of the row that was asked for, or null: a weight is the coefficient times the source's activation on that row.</param>
/// <param name="Predictable">Whether the target can be predicted better than a shuffled one; true where nothing was asked (a feature as the target, or none).</param>
/// <param name="Missed">Regressions whose certificate missed the tolerance: above zero the result is not to be trusted.</param>
/// <param name="LargestRelativeGap">The worst certificate.</param>
public sealed record FeatureCircuitResult(Circuit Circuit, Circuit? Prompt, bool Predictable, int Missed, double LargestRelativeGap);
