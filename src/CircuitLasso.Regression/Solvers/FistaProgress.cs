namespace CircuitLasso.Regression;

/// <summary>How far <see cref="FistaSolver"/> is: a point of the curve of gaps against iterations.</summary>
/// <param name="Iteration">Iterations done.</param>
/// <param name="WorstRelativeGap">The largest relative duality gap of any target.</param>
public readonly record struct FistaProgress(int Iteration, double WorstRelativeGap);
