namespace CircuitLasso.Models;

/// <summary>Turns the pieces of a text into tokens. Safe for use by several threads.</summary>
internal interface ITokenModel
{
    /// <summary>The tokens that the model itself knows.</summary>
    Vocabulary Vocabulary { get; }

    /// <summary>Appends the tokens of every piece; their places are indices into <paramref name="input"/>'s text.</summary>
    void Tokenize(PreTokenizedText input, List<TokenSpan> tokens);
}
