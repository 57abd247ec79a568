namespace CircuitLasso.Tensors;

/// <summary>A row-major tensor seen around one axis: element (o, i, j) is at <c>(o * Length + i) * Inner + j</c>.</summary>
/// <param name="Outer">Product of the dimensions before the axis.</param>
/// <param name="Length">The axis.</param>
/// <param name="Inner">Product of the dimensions after the axis.</param>
public readonly record struct AxisLayout(long Outer, long Length, long Inner);
