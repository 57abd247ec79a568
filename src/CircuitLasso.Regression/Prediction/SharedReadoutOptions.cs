namespace CircuitLasso.Regression;

/// <summary>How <see cref="SharedReadout"/> fits y on a shared design and asks whether y can be predicted.</summary>
public sealed record SharedReadoutOptions
{
    /// <summary>lambda as a share of the smallest that leaves the fit empty; null, the default, for the one with the least extended Bayesian criterion on a path.</summary>
    public double? LambdaRatio { get; init; }

    /// <summary>
    /// Whether the lambda of numbers is instead the one whose fits outside each fold err least on the fold, on a path to <see cref="HeldOutPathRatio"/> as dense as the other; default false. For a y
    /// that the columns determine: each of its many small causes is then worth having, which the criterion's price for a column forbids. Whether y is predictable is asked by the criterion all the same, and where it is not the criterion's fit stays.
    /// </summary>
    public bool SelectsByHeldOutError { get; init; }

    /// <summary>Number of lambdas on the path; default 40.</summary>
    public int PathLength { get; init; } = 40;

    /// <summary>The path's last lambda as a share of its first; default a thousandth. A path stops long before where the criterion no longer falls.</summary>
    public double PathRatio { get; init; } = 1e-3;

    /// <summary>Weight of the number of candidates in the criterion, 0 to 1; default 1.</summary>
    public double Gamma { get; init; } = 1;

    /// <summary>Relative duality gap of the fit; default 1e-6. Held-out fits stop at 1e-4 or where this is looser.</summary>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Whether the penalty of a column is multiplied by its standard deviation, which is what scaling the columns amounts to; default false.</summary>
    public bool Standardize { get; init; }

    /// <summary>How often y is shuffled; default 10, at least one.</summary>
    public int Shuffles { get; init; } = 10;

    /// <summary>The seed of the shuffles; default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>What columns of X'X that are computed on demand may take, in bytes; default 0, none is kept.</summary>
    public long ColumnBytes { get; init; }

    /// <summary>The last lambda as a share of the first on the path of <see cref="SelectsByHeldOutError"/>.</summary>
    public const double HeldOutPathRatio = 1e-5;

    internal const double HeldOutTolerance = 1e-4;
}
