namespace CircuitLasso.Tensors;

/// <summary>The sizes of one attention over q [batch, queries, heads, width], k and v [batch, keys, key heads, width].</summary>
/// <param name="Batch">Number of batch rows.</param>
/// <param name="Queries">Number of query positions.</param>
/// <param name="Keys">Number of key positions.</param>
/// <param name="Heads">Number of query heads.</param>
/// <param name="KeyHeads">Number of key heads; neighbouring query heads share one.</param>
/// <param name="Width">Elements of a head.</param>
/// <param name="Scale">Factor of the scores.</param>
/// <param name="SoftCap">Soft limit of the scores, cap tanh(score / cap); null for none.</param>
public readonly record struct AttentionLayout(int Batch, int Queries, int Keys, int Heads, int KeyHeads, int Width, float Scale, float? SoftCap);
