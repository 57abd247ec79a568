namespace CircuitLasso.InterpBench;

/// <summary>A variable that a component reads.</summary>
/// <param name="Role">Through which input.</param>
/// <param name="Variable">The variable's name; <c>reciprocal_width(X)</c> is what the head of a selector width hands to its MLP.</param>
/// <param name="VariesWithTokens">Whether the variable may differ between two sequences of full length.</param>
public sealed record ComponentRead(ReadRole Role, string Variable, bool VariesWithTokens);
