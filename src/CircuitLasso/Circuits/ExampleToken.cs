namespace CircuitLasso;

/// <summary>One token of a <see cref="CircuitExample"/>.</summary>
/// <param name="Text">The token's text, with its leading space.</param>
/// <param name="Value">The node's activation on it.</param>
public readonly record struct ExampleToken(string Text, double Value);
