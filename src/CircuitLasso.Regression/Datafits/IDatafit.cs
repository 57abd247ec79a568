namespace CircuitLasso.Regression;

/// <summary>How far predictions are from their target: the smooth part of an objective. Solvers state which datafits they can minimise.</summary>
public interface IDatafit
{
    /// <summary>The datafit's name, for messages.</summary>
    string Name { get; }
}
