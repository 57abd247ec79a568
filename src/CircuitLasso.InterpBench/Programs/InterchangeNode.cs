namespace CircuitLasso.InterpBench;

/// <summary>One entry of the list from which interchange training draws: an MLP that writes two variables stands there twice.</summary>
/// <param name="Component">The component of the model whose value is taken from another run.</param>
/// <param name="Variable">The variable that it stands for.</param>
public sealed record InterchangeNode(string Component, string Variable);
