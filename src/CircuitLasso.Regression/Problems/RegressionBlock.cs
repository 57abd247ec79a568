namespace CircuitLasso.Regression;

/// <summary>A block of neighbouring columns of H: one site or component.</summary>
/// <param name="Name">What the block is called; unique in its order.</param>
/// <param name="FirstColumn">Its first column in H, from 0.</param>
/// <param name="Width">Number of columns, at least one.</param>
/// <param name="Place">Its place in computation order; blocks that share a place never explain each other.</param>
/// <param name="Role">Whether it is a source, a target or both.</param>
public sealed record RegressionBlock(string Name, int FirstColumn, int Width, int Place, BlockRole Role = BlockRole.SourceAndTarget);
