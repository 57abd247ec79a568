namespace CircuitLasso.Models;

/// <summary>What the usual patterns of tokenizers distinguish.</summary>
internal enum CharacterClass : byte
{
    /// <summary>Neither of the others.</summary>
    Other,

    /// <summary>A letter, <c>\p{L}</c>.</summary>
    Letter,

    /// <summary>A number, <c>\p{N}</c>.</summary>
    Number,

    /// <summary>White space other than a line end.</summary>
    Space,

    /// <summary>A line feed or a carriage return.</summary>
    LineEnd,

    /// <summary>The first half of a character beyond U+FFFF, whose class the table of single units cannot tell.</summary>
    HighSurrogate,
}
