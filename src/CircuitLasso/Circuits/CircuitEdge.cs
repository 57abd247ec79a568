namespace CircuitLasso;

/// <summary>One directed edge of a <see cref="Circuit"/>. Immutable.</summary>
/// <param name="Source">Name of the node that is read.</param>
/// <param name="Target">Name of the node that reads.</param>
/// <param name="Weight">The edge's score as its method defines it, with its sign where the method gives one. Selections and paths use its absolute value.</param>
public sealed record CircuitEdge(string Source, string Target, double Weight)
{
    /// <summary>Frobenius norm of the block of coefficients behind the edge; null for methods that have none.</summary>
    public double? Norm { get; init; }

    /// <summary>
    /// The largest lambda of the path at which the edge is not zero, in the units of ||Y - X A||_F^2 + lambda ||A||_1 (sums, not means);
    /// null for methods without a path.
    /// </summary>
    public double? EntersAtLambda { get; init; }

    /// <summary>Whether the edge belongs to the circuit; the others are candidates, kept with their score.</summary>
    public bool InCircuit { get; init; } = true;

    /// <summary>The share of resamples in which the edge was chosen, from 0 to 1; null where no resampling was done.</summary>
    public double? Stability { get; init; }

    /// <summary>What ablating the source does to the target; null where that was not measured.</summary>
    public AblationEffect? Effect { get; init; }
}
