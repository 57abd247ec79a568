namespace CircuitLasso;

/// <summary>A text on which a feature is strong, as a store shows it.</summary>
/// <param name="Text">The text: its place in the text file, from 0.</param>
/// <param name="Value">The feature's largest activation on it, or that of the pooled text.</param>
/// <param name="Tokens">Ids of the tokens around the strongest one; empty where positions are pooled.</param>
/// <param name="Values">The feature's activation on each of them.</param>
internal sealed record ObservedText(int Text, double Value, int[] Tokens, float[] Values);
