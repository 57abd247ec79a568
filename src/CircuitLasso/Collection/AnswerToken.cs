using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>Turns a word that continues a text into the one token that it is.</summary>
public static class AnswerToken
{
    /// <summary>
    /// The id of the one token that the text encodes to. A text with a space in front, which some tokenizers put there by themselves, is tried without it too, if the
    /// token then has the space; last comes the token that is written exactly like the text in the vocabulary. Null where none of these is one token;
    /// the token for unknown words stands for no word.
    /// </summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="text">The continuation, such as " are".</param>
    /// <param name="vocabularySize">The model's number of token ids; a tokenizer may have tokens that the model has no logit for, and they count as none.</param>
    public static int? Find(Tokenizer tokenizer, string text, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        return Find(tokenizer, text) is int id && id < vocabularySize ? id : null;
    }

    private static int? Find(Tokenizer tokenizer, string text)
    {
        if (tokenizer.Encode(text, addSpecialTokens: false) is [int whole] && IsSpelled(tokenizer, whole, text))
        {
            return whole;
        }

        return text.StartsWith(' ') && tokenizer.Encode(text[1..], addSpecialTokens: false) is [int bare] && tokenizer.TokenText(bare).StartsWith(' ')
            ? bare
            : tokenizer.IdOf(text);
    }

    // A normalizer may change the case; spaces may be the tokenizer's own.
    private static bool IsSpelled(Tokenizer tokenizer, int id, string text) => tokenizer.TokenText(id).Trim().Equals(text.Trim(), StringComparison.OrdinalIgnoreCase);
}
