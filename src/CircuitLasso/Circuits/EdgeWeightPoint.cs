namespace CircuitLasso;

/// <summary>The weight of one edge at one point of a lambda path.</summary>
/// <param name="Source">Name of the edge's source.</param>
/// <param name="Target">Name of the edge's target.</param>
/// <param name="Lambda">The penalty, in the units of ||Y - X A||_F^2 + lambda ||A||_1 (sums, not means).</param>
/// <param name="Weight">The edge's weight there.</param>
/// <param name="Stability">The share of resamples in which the edge was chosen there, from 0 to 1; null where no resampling was done.</param>
public readonly record struct EdgeWeightPoint(string Source, string Target, double Lambda, double Weight, double? Stability = null);
