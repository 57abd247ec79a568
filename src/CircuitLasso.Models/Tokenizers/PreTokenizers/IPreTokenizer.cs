namespace CircuitLasso.Models;

/// <summary>Cuts a text into the pieces that the token model sees one by one. Safe for use by several threads.</summary>
internal interface IPreTokenizer
{
    /// <summary>Whether the pieces depend on where in the user's text they came from.</summary>
    bool ReadsOrigins => false;

    /// <summary>The text cut further; added tokens pass through. The argument is left as it was.</summary>
    PreTokenizedText PreTokenize(PreTokenizedText input);
}
