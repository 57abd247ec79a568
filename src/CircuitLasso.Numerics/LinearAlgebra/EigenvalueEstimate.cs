namespace CircuitLasso.Numerics;

/// <summary>An extreme eigenvalue and how well it is known.</summary>
/// <param name="Value">The Rayleigh quotient of the best vector found: never above the largest eigenvalue but for rounding.</param>
/// <param name="UpperBound">
/// <paramref name="Value"/> plus the norm of that vector's residual, and a few roundings. An eigenvalue lies between the two; it is the
/// largest unless the fixed start was orthogonal to the largest one's eigenvector.
/// </param>
/// <param name="Products">Products with the matrix that it took.</param>
public readonly record struct EigenvalueEstimate(double Value, double UpperBound, int Products);
