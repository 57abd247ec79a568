namespace CircuitLasso.Models;

/// <summary>Turns tokens back into text. Safe for use by several threads.</summary>
internal interface IDecoder
{
    /// <summary>Rewrites a list of tokens; the text is what the last decoder leaves, joined.</summary>
    IReadOnlyList<string> Decode(IReadOnlyList<string> tokens);

    /// <summary>
    /// Rewrites one token for a person to look at: as <see cref="Decode"/>, except that nothing is lost that depends on a token's neighbours,
    /// so a leading space stays and a part of a character is written as its bytes, <c>&lt;0xE2&gt;</c>.
    /// </summary>
    string Show(string token);
}
