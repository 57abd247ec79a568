using System.Globalization;
using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// The classes of characters that tokenizers split at, decided for whole characters: .NET's own regular expressions look at UTF-16 units
/// and so take no letter beyond U+FFFF for a letter.
/// </summary>
internal static class UnicodeClasses
{
    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;

    /// <summary>The character that starts at an index of well-formed UTF-16.</summary>
    public static Rune RuneAt(ReadOnlySpan<char> text, int index)
    {
        _ = Rune.DecodeFromUtf16(text[index..], out Rune rune, out _);
        return rune;
    }

    /// <summary>The character that ends just before an index of well-formed UTF-16.</summary>
    public static Rune RuneBefore(ReadOnlySpan<char> text, int index)
    {
        _ = Rune.DecodeLastFromUtf16(text[..index], out Rune rune, out _);
        return rune;
    }

    /// <summary>Whether the general category is a letter's, <c>\p{L}</c>.</summary>
    public static bool IsLetter(Rune rune) => Rune.IsLetter(rune);

    /// <summary>Whether the general category is a number's, <c>\p{N}</c>: digits, Roman numerals, fractions.</summary>
    public static bool IsNumber(Rune rune) => Rune.IsNumber(rune);

    /// <summary>Whether it has Unicode's White_Space property, <c>\s</c>.</summary>
    public static bool IsWhiteSpace(Rune rune) => Rune.IsWhiteSpace(rune);

    /// <summary>Whether it is a word character in the sense of Unicode's regular expressions (UTS 18, annex C), <c>\w</c>.</summary>
    public static bool IsWord(Rune rune)
    {
        switch (Rune.GetUnicodeCategory(rune))
        {
            case UnicodeCategory.UppercaseLetter:
            case UnicodeCategory.LowercaseLetter:
            case UnicodeCategory.TitlecaseLetter:
            case UnicodeCategory.ModifierLetter:
            case UnicodeCategory.OtherLetter:
            case UnicodeCategory.NonSpacingMark:
            case UnicodeCategory.SpacingCombiningMark:
            case UnicodeCategory.EnclosingMark:
            case UnicodeCategory.DecimalDigitNumber:
            case UnicodeCategory.LetterNumber:
            case UnicodeCategory.ConnectorPunctuation:
                return true;
            case UnicodeCategory.OtherSymbol:
                // Letters in circles and squares are symbols that count as alphabetic.
                return rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
            default:
                return rune.Value is ZeroWidthNonJoiner or ZeroWidthJoiner;
        }
    }
}
