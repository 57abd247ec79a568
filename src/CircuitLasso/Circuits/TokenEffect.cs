namespace CircuitLasso;

/// <summary>How far a feature raises or lowers a token's logit when its direction goes straight to the unembedding.</summary>
/// <param name="Token">The token's text.</param>
/// <param name="Effect">The change of the logit for one unit of the feature, over the mean of all tokens; the final norm's scale is left out.</param>
public readonly record struct TokenEffect(string Token, double Effect);
