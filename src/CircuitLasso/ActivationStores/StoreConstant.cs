namespace CircuitLasso;

/// <summary>
/// A tensor that is the same for all rows of a store, such as <c>output_matrix.L</c> of heads * head width x width, which brings <c>attn_z.L</c>
/// into the residual stream.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions, row-major.</param>
/// <param name="Values">Its elements.</param>
public sealed record StoreConstant(string Name, IReadOnlyList<long> Shape, ReadOnlyMemory<float> Values);
