namespace CircuitLasso.Regression;

/// <summary>When a solver stops.</summary>
public sealed record SolverOptions
{
    /// <summary>The duality gap to reach, relative to the null loss of each target; default 1e-6. Above zero.</summary>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Iterations (passes over the coefficients) after which a target is given up and reported as missed; default 10,000.</summary>
    public int MaximumIterations { get; init; } = 10_000;

    internal void Check()
    {
        if (!(Tolerance > 0))
        {
            throw new Numerics.InputException("tolerance", $"{Tolerance} is not a positive number", "give a relative duality gap above zero, 1e-6 for instance");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumIterations, 1);
    }
}
