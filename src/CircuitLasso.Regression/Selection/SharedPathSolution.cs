using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>What <see cref="SharedPathSelection"/> chose. Immutable.</summary>
/// <param name="Solution">The coefficients of each target at the lambda that was chosen for it; its certificate holds that lambda.</param>
/// <param name="EntersAt">
/// For each entry of the coefficients the largest lambda of the target's path at which it is not zero: a matrix of the same pattern. Without a path it is the one lambda there is.
/// </param>
public sealed record SharedPathSolution(SharedGramSolution Solution, CompressedColumns<double> EntersAt);
