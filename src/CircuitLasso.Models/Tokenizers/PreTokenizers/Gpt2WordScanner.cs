using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// The words of GPT-2's pattern, <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, found without a regular
/// expression: in one pass, and right for letters beyond U+FFFF.
/// </summary>
internal static class Gpt2WordScanner
{
    private enum Kind
    {
        Letter,
        Number,
        Space,
        Other,
    }

    /// <summary>Length of the word that a text starts with, in UTF-16 units; at least 1. The text is not empty.</summary>
    public static int WordLength(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'' && ContractionLength(text) is > 0 and int contraction)
        {
            return contraction;
        }

        Kind kind = KindAt(text, 0);
        if (kind != Kind.Space)
        {
            return EndOfRun(text, 0, kind);
        }

        if (text[0] == ' ' && text.Length > 1 && KindAt(text, 1) is var following && following != Kind.Space)
        {
            return EndOfRun(text, 1, following);
        }

        // Spaces before a word leave their last one to it; all white space is one UTF-16 unit long.
        int end = EndOfRun(text, 0, Kind.Space);
        return end == text.Length || end == 1 ? end : end - 1;
    }

    private static int ContractionLength(ReadOnlySpan<char> text) => text switch
    {
        [_, 's' or 't' or 'm' or 'd', ..] => 2,
        [_, 'r' or 'v', 'e', ..] => 3,
        [_, 'l', 'l', ..] => 3,
        _ => 0,
    };

    private static int EndOfRun(ReadOnlySpan<char> text, int start, Kind kind)
    {
        int end = start;
        while (end < text.Length && KindAt(text, end) == kind)
        {
            end += char.IsHighSurrogate(text[end]) ? 2 : 1;
        }

        return end;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int index)
    {
        char character = text[index];
        if (char.IsAscii(character))
        {
            return char.IsAsciiLetter(character) ? Kind.Letter
                : char.IsAsciiDigit(character) ? Kind.Number
                : char.IsWhiteSpace(character) ? Kind.Space
                : Kind.Other;
        }

        Rune rune = UnicodeClasses.RuneAt(text, index);
        return UnicodeClasses.IsLetter(rune) ? Kind.Letter
            : UnicodeClasses.IsNumber(rune) ? Kind.Number
            : UnicodeClasses.IsWhiteSpace(rune) ? Kind.Space
            : Kind.Other;
    }
}
