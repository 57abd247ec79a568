using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>The penalty of every target, and when <see cref="SharedGramSolver"/> stops. One of <see cref="Lambda"/> and <see cref="LambdaRatio"/> is given.</summary>
public sealed record SharedGramOptions
{
    /// <summary>One lambda for all targets: ||Y - X A||_F^2 + lambda ||A||_1, sums and not means; above zero.</summary>
    public double? Lambda { get; init; }

    /// <summary>Lambda of each target as a share of the smallest lambda that leaves it empty, 2 max|X'y|; above zero.</summary>
    public double? LambdaRatio { get; init; }

    /// <summary>The duality gap to reach, relative to ||y||^2 of each target; default 1e-4. Above zero.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Passes over the working set after which a target is given up and reported as missed; default 10,000.</summary>
    public int MaximumIterations { get; init; } = 10_000;

    internal void Check()
    {
        if (Lambda is null == LambdaRatio is null)
        {
            throw new ArgumentException("one of lambda and the ratio is to be given");
        }

        if (Lambda is { } lambda && !(lambda > 0 && double.IsFinite(lambda)))
        {
            throw Refused("lambda", lambda, "at zero nothing is sparse and the answer need not be unique: give a number above zero");
        }

        if (LambdaRatio is { } ratio && !(ratio > 0 && double.IsFinite(ratio)))
        {
            throw Refused("lambda-ratio", ratio, "at zero nothing is sparse and the answer need not be unique: give a share of the largest lambda, 0.1 for instance");
        }

        if (!(Tolerance > 0))
        {
            throw Refused("tolerance", Tolerance, "give a relative duality gap above zero, 1e-4 for instance");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumIterations, 1);
    }

    private static InputException Refused(string name, double value, string remedy) =>
        new(name, $"{value.ToString(CultureInfo.InvariantCulture)} is not a positive number", remedy);
}
