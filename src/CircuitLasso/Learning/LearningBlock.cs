namespace CircuitLasso;

/// <summary>One block of columns to learn from: a node of the circuit to be.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Layer">Its layer in a model, if it has one.</param>
/// <param name="Place">Its place in the order of computation; a block is explained only by blocks of smaller places.</param>
/// <param name="Width">Number of columns.</param>
public sealed record LearningBlock(string Name, CircuitNodeKind Kind, int? Layer, int Place, int Width);
