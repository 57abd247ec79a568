using System.Text;

namespace CircuitLasso.Models;

/// <summary>The class of every character, from a table of 64 KiB for those up to U+FFFF.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] _ofUnit = MakeTable();

    /// <summary>The class of the character that starts at an index of well-formed UTF-16.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int index)
    {
        CharacterClass found = _ofUnit[text[index]];
        return found == CharacterClass.HighSurrogate ? Of(UnicodeClasses.RuneAt(text, index)) : found;
    }

    /// <summary>The end of the run of characters of one class that starts at an index; the index itself where there is none.</summary>
    public static int EndOfRun(ReadOnlySpan<char> text, int start, CharacterClass wanted)
    {
        CharacterClass[] ofUnit = _ofUnit;
        int end = start;
        while (end < text.Length)
        {
            CharacterClass found = ofUnit[text[end]];
            if (found == wanted)
            {
                end++;
            }
            else if (found == CharacterClass.HighSurrogate && Of(UnicodeClasses.RuneAt(text, end)) == wanted)
            {
                end += 2;
            }
            else
            {
                break;
            }
        }

        return end;
    }

    /// <summary>The end of the run of white space, line ends among it, that starts at an index.</summary>
    public static int EndOfWhiteSpace(ReadOnlySpan<char> text, int start)
    {
        // All white space is one UTF-16 unit long.
        int end = start;
        while (end < text.Length && IsWhiteSpace(_ofUnit[text[end]]))
        {
            end++;
        }

        return end;
    }

    /// <summary>Whether a class is one of white space.</summary>
    public static bool IsWhiteSpace(CharacterClass value) => value is CharacterClass.Space or CharacterClass.LineEnd;

    private static CharacterClass Of(Rune rune) =>
        rune.Value is '\n' or '\r' ? CharacterClass.LineEnd
        : UnicodeClasses.IsLetter(rune) ? CharacterClass.Letter
        : UnicodeClasses.IsNumber(rune) ? CharacterClass.Number
        : UnicodeClasses.IsWhiteSpace(rune) ? CharacterClass.Space
        : CharacterClass.Other;

    private static CharacterClass[] MakeTable()
    {
        CharacterClass[] table = new CharacterClass[char.MaxValue + 1];
        for (int unit = 0; unit < table.Length; unit++)
        {
            table[unit] = char.IsHighSurrogate((char)unit) ? CharacterClass.HighSurrogate
                : Rune.TryCreate((char)unit, out Rune rune) ? Of(rune)
                : CharacterClass.Other;
        }

        return table;
    }
}
