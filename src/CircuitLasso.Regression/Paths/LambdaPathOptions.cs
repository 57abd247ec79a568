using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>A geometric path of lambdas, from the largest that matters downwards.</summary>
public sealed record LambdaPathOptions
{
    /// <summary>Number of lambdas; default 20, at least one.</summary>
    public int Count { get; init; } = 20;

    /// <summary>The last lambda as a share of the first; default 0.01, above zero and below one.</summary>
    public double Ratio { get; init; } = 0.01;

    /// <summary>
    /// False (the paper's): one lambda for the whole matrix, the first being the largest at which anything is not zero. True: every target
    /// has its own path, the same shares of its own largest lambda, and lambdas are reported as those shares.
    /// </summary>
    public bool PerTarget { get; init; }

    /// <summary>When each solve stops.</summary>
    public SolverOptions Solver { get; init; } = new();

    /// <summary>The shares of the first lambda: 1 down to <see cref="Ratio"/>, evenly spaced in the logarithm.</summary>
    /// <exception cref="InputException">The ratio is not between zero and one, or the count is below one.</exception>
    public IReadOnlyList<double> Shares()
    {
        if (!(Ratio > 0 && Ratio < 1) || Count < 1)
        {
            throw new InputException("path", $"{Count} lambdas down to {Ratio.ToString(CultureInfo.InvariantCulture)} of the first is not a path", "give at least one lambda and a ratio above 0 and below 1");
        }

        return [.. Enumerable.Range(0, Count).Select(k => Count == 1 ? 1 : Math.Pow(Ratio, k / (Count - 1.0)))];
    }
}
