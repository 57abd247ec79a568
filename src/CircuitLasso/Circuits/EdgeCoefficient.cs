namespace CircuitLasso;

/// <summary>One of the coefficients behind an edge that has several: an edge from an error has one for each coordinate, an edge into more than two classes one for each class.</summary>
/// <param name="Source">Name of the edge's source.</param>
/// <param name="Target">Name of the edge's target.</param>
/// <param name="Coordinate">The coordinate of the error, from 0; 0 where the source is a feature.</param>
/// <param name="Output">The class, from 0; 0 where the target is no choice among more than two classes.</param>
/// <param name="Value">The coefficient, in units of the target per unit of the source. Coefficients that are zero are left out.</param>
public sealed record EdgeCoefficient(string Source, string Target, int Coordinate, int Output, double Value);
