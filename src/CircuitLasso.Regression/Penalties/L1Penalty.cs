using System.Runtime.CompilerServices;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// lambda ||w||_1, in the paper's units: it stands beside ||y - X w||^2, sums over rows and not means. One lambda for the whole matrix, or
/// one for each target. Its proximal operator is the soft threshold S(x, s) = sign(x) max(|x| - s, 0). Immutable.
/// </summary>
public sealed class L1Penalty : IPenalty
{
    private readonly TargetLambdas _lambdas;

    /// <summary>One lambda for every target.</summary>
    /// <param name="lambda">The weight, above zero.</param>
    /// <exception cref="InputException"><paramref name="lambda"/> is not a positive number.</exception>
    public L1Penalty(double lambda)
        : this([lambda])
    {
    }

    /// <summary>One lambda for each target, in the order of <see cref="BlockProblem.Targets"/>.</summary>
    /// <param name="lambdas">The weights, each above zero.</param>
    /// <exception cref="InputException">One of them is not a positive number.</exception>
    public L1Penalty(ReadOnlySpan<double> lambdas) => _lambdas = new TargetLambdas(lambdas);

    /// <inheritdoc/>
    public string Name => "l1";

    /// <summary>Whether one lambda holds for every target.</summary>
    public bool IsUniform => _lambdas.IsUniform;

    /// <summary>lambda of a target.</summary>
    /// <param name="target">Index of the target in <see cref="BlockProblem.Targets"/>.</param>
    public double Lambda(int target) => _lambdas[target];

    /// <inheritdoc/>
    public IPenalty Scale(double factor) => new L1Penalty(_lambdas.Scaled(factor));

    /// <summary>The soft threshold: the x that minimises (x - <paramref name="value"/>)^2 / 2 + <paramref name="threshold"/> |x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double SoftThreshold(double value, double threshold) =>
        value > threshold ? value - threshold : value < -threshold ? value + threshold : 0;

    /// <summary>Refuses lambdas that do not belong to so many targets.</summary>
    internal void CheckTargets(int count) => _lambdas.CheckTargets(count);
}
