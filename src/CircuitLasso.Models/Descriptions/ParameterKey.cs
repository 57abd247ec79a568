namespace CircuitLasso.Models;

/// <summary>Names one parameter of a model.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Layer">Its block, or -1 outside the blocks.</param>
public readonly record struct ParameterKey(ParameterRole Role, int Layer = -1);
