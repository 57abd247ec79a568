namespace CircuitLasso;

/// <summary>What a row of a store is of.</summary>
/// <param name="Text">The text: its row in the text file, from 0.</param>
/// <param name="Length">Number of tokens of the text.</param>
/// <param name="Label">The class of the text's label, from 0; kept where the store has label classes.</param>
/// <param name="Position">The token's place in the text, from 0; kept where positions are not pooled.</param>
/// <param name="Token">The token's id; kept where positions are not pooled.</param>
public readonly record struct StoreRow(int Text, int Length, int Label = 0, int Position = 0, int Token = 0);
