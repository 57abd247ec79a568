namespace CircuitLasso.Regression;

/// <summary>How <see cref="StabilitySelection"/> draws and solves its half-samples.</summary>
public sealed record StabilityOptions
{
    /// <summary>Number of complementary pairs of half-samples; default 50 (Shah and Samworth 2013), at least one.</summary>
    public int Pairs { get; init; } = 50;

    /// <summary>The seed of the draws; default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether every target has an intercept; default true.</summary>
    public bool Intercept { get; init; } = true;

    /// <summary>Whether columns are scaled to unit standard deviation, of the rows of each half-sample; default false.</summary>
    public bool Standardize { get; init; }

    /// <summary>When each solve stops; by default at a relative gap of 1e-6.</summary>
    public SolverOptions Solver { get; init; } = new();
}
