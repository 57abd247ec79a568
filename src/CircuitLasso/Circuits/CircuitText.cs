using System.Xml;

namespace CircuitLasso;

/// <summary>The characters that a circuit may hold.</summary>
internal static class CircuitText
{
    internal const int MaximumNameLength = 1024;

    /// <summary>Whether the text can name a node or key a value: 1 to 1,024 characters, none of them a control character or half a surrogate pair.</summary>
    internal static bool IsName(string? text) =>
        text is { Length: > 0 and <= MaximumNameLength } && !text.Any(char.IsControl) && FirstUnwritable(text, 0) < 0;

    /// <summary>
    /// The text with every character that XML cannot carry (most control characters, lone surrogates, U+FFFE and U+FFFF) replaced by U+FFFD,
    /// so that the circuit file and every export say the same.
    /// </summary>
    internal static string Writable(string text)
    {
        int bad = FirstUnwritable(text, 0);
        if (bad < 0)
        {
            return text;
        }

        char[] characters = text.ToCharArray();
        for (; bad >= 0; bad = FirstUnwritable(text, bad + 1))
        {
            characters[bad] = '\uFFFD';
        }

        return new string(characters);
    }

    private static int FirstUnwritable(string text, int start)
    {
        for (int i = start; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (!XmlConvert.IsXmlChar(text[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
