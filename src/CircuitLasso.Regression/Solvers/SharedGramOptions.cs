using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>The penalty of every target, and when <see cref="SharedGramSolver"/> stops. One of <see cref="Lambda"/>, <see cref="Lambdas"/> and <see cref="LambdaRatio"/> is given.</summary>
public sealed record SharedGramOptions
{
    /// <summary>One lambda for all targets: ||Y - X A||_F^2 + lambda ||A||_1, sums and not means; above zero.</summary>
    public double? Lambda { get; init; }

    /// <summary>Lambda of each target, all above zero; none by default.</summary>
    public IReadOnlyList<double> Lambdas { get; init; } = [];

    /// <summary>Lambda of each target as a share of the smallest lambda that leaves it empty, 2 max|X'y|; above zero.</summary>
    public double? LambdaRatio { get; init; }

    /// <summary>
    /// Number of lambdas; default 1, the one asked for. With more, each target goes down a path, evenly spaced in the logarithm and each
    /// solution started from the one before: to the one asked for from the smallest lambda that leaves this target empty (with
    /// <see cref="Lambda"/>: that leaves all targets empty).
    /// </summary>
    public int PathLength { get; init; } = 1;

    /// <summary>Whether coefficients below zero are forbidden; default false.</summary>
    public bool NonNegative { get; init; }

    /// <summary>
    /// The factor c of each column's penalty, lambda sum_j c[j] |w[j]|: above zero; none, the default, means one for every column. With the
    /// standard deviations of the columns the answer is that of a standardised design, in the original units.
    /// </summary>
    public IReadOnlyList<double> PenaltyFactors { get; init; } = [];

    /// <summary>The duality gap to reach, relative to ||y||^2 of each target; default 1e-4. Above zero.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Passes over the working set after which a target is given up and reported as missed; default 10,000.</summary>
    public int MaximumIterations { get; init; } = 10_000;

    /// <summary>
    /// What columns of X'X that are computed on demand may take, in bytes, where there is no Gram matrix; default 0, none is kept. From an
    /// eighth of the Gram matrix on, correlations with the residual come from these columns too, and below that from the rows.
    /// </summary>
    public long ColumnBytes { get; init; }

    internal void Check(int columns, int targets)
    {
        if ((Lambda is null ? 0 : 1) + (LambdaRatio is null ? 0 : 1) + (Lambdas.Count > 0 ? 1 : 0) != 1)
        {
            throw new ArgumentException("one of lambda, the lambdas and the ratio is to be given");
        }

        if (Lambdas.Count > 0 && Lambdas.Count != targets)
        {
            throw new ArgumentException($"there are {Lambdas.Count} lambdas for {targets} targets");
        }

        for (int t = 0; t < Lambdas.Count; t++)
        {
            RequirePositive($"lambda of target {t}", Lambdas[t], "give a number above zero");
        }

        RequirePositive("lambda", Lambda, "at zero nothing is sparse and the answer need not be unique: give a number above zero");
        RequirePositive("lambda-ratio", LambdaRatio, "at zero nothing is sparse and the answer need not be unique: give a share of the largest lambda, 0.1 for instance");
        RequirePositive("tolerance", Tolerance, "give a relative duality gap above zero, 1e-4 for instance");
        if (PathLength > 1 && LambdaRatio >= 1)
        {
            throw new InputException("lambda-ratio", $"a path down to {LambdaRatio.Value.ToString(CultureInfo.InvariantCulture)} of the largest lambda has no way to go", "give a share below one");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumIterations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PathLength, 1);
        if (PenaltyFactors.Count > 0 && PenaltyFactors.Count != columns)
        {
            throw new ArgumentException($"there are {PenaltyFactors.Count} factors of the penalty for {columns} columns");
        }

        for (int j = 0; j < PenaltyFactors.Count; j++)
        {
            RequirePositive($"penalty factor of column {j}", PenaltyFactors[j], "give a number above zero; a column without penalty has no place here");
        }
    }

    private static void RequirePositive(string name, double? value, string remedy)
    {
        if (value is { } number && !(number > 0 && double.IsFinite(number)))
        {
            throw new InputException(name, $"{number.ToString(CultureInfo.InvariantCulture)} is not a positive number", remedy);
        }
    }
}
