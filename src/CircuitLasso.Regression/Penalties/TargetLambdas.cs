using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>One lambda for the whole matrix, or one for each target; each is a positive number.</summary>
internal sealed class TargetLambdas
{
    private readonly double[] _lambdas;

    public TargetLambdas(ReadOnlySpan<double> lambdas)
    {
        _lambdas = lambdas.ToArray();
        foreach (double lambda in _lambdas)
        {
            if (!(lambda > 0) || !double.IsFinite(lambda))
            {
                throw new InputException("lambda", $"{lambda.ToString(CultureInfo.InvariantCulture)} is not a positive number, and without a penalty nothing is sparse and the coefficients need not be unique", "give a lambda above zero");
            }
        }
    }

    public bool IsUniform => _lambdas.Length == 1;

    public double this[int target] => IsUniform ? _lambdas[0] : _lambdas[target];

    /// <summary>Every lambda multiplied by a factor; the smallest number there is stays above zero.</summary>
    public double[] Scaled(double factor) => [.. _lambdas.Select(lambda => Math.Max(factor * lambda, double.Epsilon))];

    /// <summary>Refuses lambdas that do not belong to so many targets.</summary>
    public void CheckTargets(int count)
    {
        if (!IsUniform && _lambdas.Length != count)
        {
            throw new ArgumentException($"there are {_lambdas.Length} lambdas for {count} targets");
        }
    }
}
