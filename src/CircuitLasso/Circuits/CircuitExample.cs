namespace CircuitLasso;

/// <summary>A text on which a node is strong.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Text">The text.</param>
/// <param name="Value">The node's activation on it.</param>
public sealed record CircuitExample(string Node, string Text, double Value);
