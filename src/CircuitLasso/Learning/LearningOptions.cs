namespace CircuitLasso;

/// <summary>How a circuit is learnt by Lasso.</summary>
public sealed record LearningOptions
{
    /// <summary>
    /// lambda of ||H - H A||_F^2 + lambda ||A||_1 (sums over rows, not means), one for the whole matrix; null to choose it by
    /// <see cref="LambdaRatio"/> or by cross-validation.
    /// </summary>
    public double? Lambda { get; init; }

    /// <summary>lambda as a share of the largest lambda at which anything is not zero; null to choose by cross-validation (or <see cref="Lambda"/>).</summary>
    public double? LambdaRatio { get; init; }

    /// <summary>Number of lambdas on the path along which edges enter.</summary>
    public int PathCount { get; init; } = 20;

    /// <summary>The path's last lambda as a share of its first.</summary>
    public double PathRatio { get; init; } = 1e-3;

    /// <summary>Whether columns are scaled to unit deviation before the fit (undone in the coefficients). The residual stream has natural units: off by default.</summary>
    public bool Standardize { get; init; }

    /// <summary>Folds of cross-validation.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Relative duality gap of every regression.</summary>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Edges of smaller weight stay candidates. The default keeps what carries at least two hundredths of the target's variation.</summary>
    public double MinimumWeight { get; init; } = 0.02;

    /// <summary>How often the target is shuffled to see what is predictable by chance.</summary>
    public int Shuffles { get; init; } = 10;

    /// <summary>
    /// Complementary pairs of half-samples on which the regressions are solved again, to see how often each edge comes back
    /// (<see cref="CircuitEdge.Stability"/>); 0, the default, for none. Fifty are usual.
    /// </summary>
    public int StabilityPairs { get; init; }

    /// <summary>Seed of the shuffles and the half-samples.</summary>
    public ulong Seed { get; init; } = 1;
}
