namespace CircuitLasso;

/// <summary>What a sparse autoencoder does on a text. Immutable.</summary>
/// <param name="Texts">Texts that were read.</param>
/// <param name="Tokens">Tokens whose activations were encoded.</param>
/// <param name="CutTexts">Texts that were longer than the limit and were cut.</param>
/// <param name="L0">Active features a token, on average.</param>
/// <param name="ActiveTokens">For each feature the number of tokens on which it is not zero.</param>
/// <param name="ExplainedVariance">
/// 1 - sum |x - y|^2 / sum |x - mean x|^2 over all tokens and coordinates, where y is the reconstruction of x and the mean is over the tokens;
/// not a number where x does not vary. Below 0 where the mean alone would do better.
/// </param>
public sealed record SparseAutoencoderStatistics(long Texts, long Tokens, long CutTexts, double L0, IReadOnlyList<long> ActiveTokens, double ExplainedVariance)
{
    /// <summary>Features that are zero on every token.</summary>
    public int DeadFeatures => ActiveTokens.Count(count => count == 0);
}
