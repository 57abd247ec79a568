namespace CircuitLasso.Numerics;

/// <summary>A symmetric matrix, known by its products: <paramref name="image"/> := A <paramref name="vector"/>, all of it overwritten.</summary>
/// <param name="vector">The vector.</param>
/// <param name="image">Receives the product.</param>
public delegate void SymmetricOperator(ReadOnlySpan<double> vector, Span<double> image);
