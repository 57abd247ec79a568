namespace CircuitLasso.Regression;

/// <summary>What makes coefficients sparse: the part of an objective that is not smooth. Solvers state which penalties they can handle.</summary>
public interface IPenalty
{
    /// <summary>The penalty's name, for messages.</summary>
    string Name { get; }
}
