using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>Turns a word that continues a text into the one token that it is.</summary>
public static class AnswerToken
{
    /// <summary>
    /// The id of the token that is exactly this text; failing that, of the single token that the text encodes to. Null where it is none or several.
    /// </summary>
    public static int? Find(Tokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        return tokenizer.Encode(text, addSpecialTokens: false) is [int id] ? id : tokenizer.IdOf(text);
    }
}
