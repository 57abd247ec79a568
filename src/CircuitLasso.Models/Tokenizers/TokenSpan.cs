namespace CircuitLasso.Models;

/// <summary>A token and the part of the text that it stands for.</summary>
/// <param name="Id">The token's id.</param>
/// <param name="Start">Where its part of the text begins, in UTF-16 units.</param>
/// <param name="Length">
/// How long that part is, in UTF-16 units; zero for tokens that come from no text (a beginning-of-sequence token, a space that the tokenizer put in).
/// Tokens that share one character (its bytes) all cover that character.
/// </param>
public readonly record struct TokenSpan(int Id, int Start, int Length);
