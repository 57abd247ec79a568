using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>The penalty of every target, and when <see cref="SharedLogisticSolver"/> stops. One of <see cref="Lambda"/> and <see cref="LambdaRatio"/> is given.</summary>
public sealed record SharedLogisticOptions
{
    /// <summary>One lambda for all targets: sum of log-losses + lambda ||w||_1, a sum and not a mean; above zero.</summary>
    public double? Lambda { get; init; }

    /// <summary>Lambda of each target as a share of the smallest lambda that leaves it empty, max|X'(p0 - y)| without a factor 2; above zero.</summary>
    public double? LambdaRatio { get; init; }

    /// <summary>Whether there is an intercept, which no penalty holds; default no.</summary>
    public bool Intercept { get; init; }

    /// <summary>What lambda is multiplied by for each column of the design, all above zero; one for every column where none are given (the default).</summary>
    public IReadOnlyList<double>? PenaltyWeights { get; init; }

    /// <summary>The duality gap to reach, relative to the loss of the model without features; default 1e-4. Above zero.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Newton steps after which a target is given up and reported as missed; default 10,000.</summary>
    public int MaximumIterations { get; init; } = 10_000;

    internal void Check(int columns)
    {
        if (Lambda is null == LambdaRatio is null)
        {
            throw new ArgumentException("one of lambda and the ratio is to be given");
        }

        const string why = "without a penalty nothing is sparse, and where the classes can be separated there is no answer: give ";
        CheckPositive("lambda", Lambda ?? 1, why + "a number above zero");
        CheckPositive("lambda-ratio", LambdaRatio ?? 1, why + "a share of the largest lambda, 0.1 for instance");
        CheckPositive("tolerance", Tolerance, "give a relative duality gap above zero, 1e-4 for instance");
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumIterations, 1);
        if (PenaltyWeights is { } weights)
        {
            if (weights.Count != columns)
            {
                throw new InputException("penalty weights", $"there are {weights.Count} for {columns} columns", "give one for each column of the design");
            }

            for (int j = 0; j < columns; j++)
            {
                CheckPositive($"penalty weight of column {j}", weights[j], "give a number above zero");
            }
        }
    }

    internal static void CheckPositive(string name, double value, string remedy)
    {
        if (!(value > 0 && double.IsFinite(value)))
        {
            throw new InputException(name, $"{value.ToString(CultureInfo.InvariantCulture)} is not a positive number", remedy);
        }
    }
}
