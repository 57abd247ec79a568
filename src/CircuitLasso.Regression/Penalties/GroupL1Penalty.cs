using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// lambda sum over groups g of weight_g ||w_g||_2 (the group Lasso of Yuan and Lin 2006), in the paper's units: it stands beside
/// ||y - X w||^2, sums over rows and not means. A group is zero as a whole or not at all; with groups of one column and weights of one it is
/// <see cref="L1Penalty"/>. Norms are taken of coefficients in the units the problem is solved in, and within a group columns keep their own
/// scale: standardise, or scale a source's basis columns alike, where that should not matter. Immutable.
/// </summary>
public sealed class GroupL1Penalty : IPenalty
{
    private readonly TargetLambdas _lambdas;

    /// <summary>One lambda for every target.</summary>
    /// <param name="lambda">The weight, above zero.</param>
    /// <param name="groups">The groups of columns.</param>
    /// <exception cref="InputException"><paramref name="lambda"/> is not a positive number.</exception>
    public GroupL1Penalty(double lambda, ColumnGroups groups)
        : this([lambda], groups)
    {
    }

    /// <summary>One lambda for each target, in the order of <see cref="BlockProblem.Targets"/>.</summary>
    /// <param name="lambdas">The weights, each above zero.</param>
    /// <param name="groups">The groups of columns.</param>
    /// <exception cref="InputException">One of them is not a positive number.</exception>
    public GroupL1Penalty(ReadOnlySpan<double> lambdas, ColumnGroups groups) => (_lambdas, Groups) = (new TargetLambdas(lambdas), groups);

    /// <inheritdoc/>
    public string Name => "group l1";

    /// <summary>The groups of columns.</summary>
    public ColumnGroups Groups { get; }

    /// <summary>lambda of a target.</summary>
    /// <param name="target">Index of the target in <see cref="BlockProblem.Targets"/>.</param>
    public double Lambda(int target) => _lambdas[target];

    /// <inheritdoc/>
    public IPenalty Scale(double factor) => new GroupL1Penalty(_lambdas.Scaled(factor), Groups);

    /// <summary>Refuses lambdas that do not belong to so many targets.</summary>
    internal void CheckTargets(int count) => _lambdas.CheckTargets(count);
}
