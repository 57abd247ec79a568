namespace CircuitLasso;

/// <summary>One circuit of a <see cref="CircuitCurve"/>.</summary>
/// <param name="Fraction">The share of all edges that was asked for.</param>
/// <param name="Edges">How many edges are left after pruning.</param>
/// <param name="Faithfulness">The circuit's faithfulness.</param>
public readonly record struct CircuitCurvePoint(double Fraction, int Edges, double Faithfulness);
