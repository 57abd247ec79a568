namespace CircuitLasso.Regression;

/// <summary>What makes coefficients sparse: the part of an objective that is not smooth. Solvers state which penalties they can handle.</summary>
public interface IPenalty
{
    /// <summary>The penalty's name, for messages.</summary>
    string Name { get; }

    /// <summary>The same penalty with its weight multiplied, by m / M where m of M rows are fitted: losses are sums over rows.</summary>
    /// <param name="factor">The factor, above zero.</param>
    IPenalty Scale(double factor);
}
