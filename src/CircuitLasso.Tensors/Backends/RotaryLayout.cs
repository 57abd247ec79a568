namespace CircuitLasso.Tensors;

/// <summary>The sizes of a rotary position embedding on [batch, positions, heads, head width].</summary>
/// <param name="Rows">Batch times positions.</param>
/// <param name="TableRows">Rows of the angle table: the number of positions, or <paramref name="Rows"/> where every batch row has its own.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="HeadWidth">Elements of a head.</param>
/// <param name="RotatedWidth">How many of them, from the first, are rotated.</param>
/// <param name="Inverse">Whether to rotate back, as gradients do.</param>
public readonly record struct RotaryLayout(long Rows, int TableRows, int Heads, int HeadWidth, int RotatedWidth, bool Inverse);
