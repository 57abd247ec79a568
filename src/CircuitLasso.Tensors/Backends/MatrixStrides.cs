namespace CircuitLasso.Tensors;

/// <summary>Where the matrices of a batch lie in one tensor, in elements.</summary>
/// <param name="Leading">From one stored row to the next.</param>
/// <param name="Batch">From one batch row to the next.</param>
/// <param name="Group">From one group (key head) to the next.</param>
/// <param name="Member">From one member of a group (query head) to the next; zero where the members share the matrix.</param>
public readonly record struct MatrixStrides(int Leading, long Batch = 0, long Group = 0, long Member = 0);
