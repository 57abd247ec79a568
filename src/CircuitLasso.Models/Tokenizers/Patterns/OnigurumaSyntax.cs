using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// Rewrites a regular expression of <c>tokenizer.json</c>, which is in Oniguruma's (Ruby's) syntax, in .NET's. What .NET does not know it refuses
/// itself; this class looks after what both accept and read differently.
/// </summary>
internal static class OnigurumaSyntax
{
    // Word characters as Unicode defines them; .NET leaves out letter numbers and enclosing marks.
    private const string WordMembers = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u200C\u200D\u24B6-\u24E9";
    private const string Word = $"[{WordMembers}]";

    // Where case is ignored, the long s is an s there and not here.
    private const string AnyS = @"[sS\u017F]";

    // Where case is ignored, one ligature or one sharp s matches these two letters there.
    private static readonly string[] _letterPairs = ["ss", "st", "ff", "fi", "fl"];

    /// <summary>Rewrites an expression.</summary>
    /// <param name="expression">The expression of the file.</param>
    /// <param name="section">Where it stands, for complaints.</param>
    /// <exception cref="Numerics.InputException">.NET would read a construct in another way.</exception>
    public static string Translate(string expression, JsonSection section)
    {
        StringBuilder result = new(expression.Length);
        Stack<bool> groups = [];
        bool inClass = false;
        bool ignoresCase = false;
        for (int i = 0; i < expression.Length; i++)
        {
            char character = expression[i];
            char next = i + 1 < expression.Length ? expression[i + 1] : '\0';
            if (char.IsSurrogate(character))
            {
                throw section.Unsupported("has a pattern with a character beyond U+FFFF");
            }

            if (character == '\\' && i + 1 < expression.Length)
            {
                result.Append(Escape(next, inClass, section));
                i++;
                continue;
            }

            CheckMeaning(expression.AsSpan(i), i, inClass, section);
            if (!inClass)
            {
                ignoresCase = IgnoresCase(expression.AsSpan(i), groups, ignoresCase);
            }

            if (ignoresCase)
            {
                RequireSingleLetters(expression.AsSpan(i), section);
            }

            result.Append(ignoresCase && character is 's' or 'S' ? AnyS : character.ToString());
            if (character == '[' && !inClass)
            {
                inClass = true;
                if (next == '^')
                {
                    result.Append(expression[++i]);
                }

                // A closing bracket straight after the opening one is an ordinary member.
                if (i + 1 < expression.Length && expression[i + 1] == ']')
                {
                    result.Append(@"\]");
                    i++;
                }
            }
            else if (character == ']')
            {
                inClass = false;
            }
        }

        return result.ToString();
    }

    // Whether case is ignored after the next character, which may open or close a group.
    private static bool IgnoresCase(ReadOnlySpan<char> rest, Stack<bool> groups, bool ignoresCase)
    {
        switch (rest)
        {
            case ['(', '?', 'i', ')', ..]:
                // Reaches to the end of the expression, at whose start it stands.
                groups.Push(true);
                return true;
            case ['(', '?', 'i', ':', ..]:
                groups.Push(ignoresCase);
                return true;
            case ['(', '?', '-', 'i', ':', ..]:
                groups.Push(ignoresCase);
                return false;
            case ['(', ..]:
                groups.Push(ignoresCase);
                return ignoresCase;
            case [')', ..]:
                return groups.TryPop(out bool before) ? before : ignoresCase;
            default:
                return ignoresCase;
        }
    }

    private static void RequireSingleLetters(ReadOnlySpan<char> rest, JsonSection section)
    {
        if (rest[0] == '[')
        {
            throw section.Unsupported("has a pattern with a character class where case is ignored");
        }

        foreach (string pair in _letterPairs)
        {
            if (rest.StartsWith(pair, StringComparison.OrdinalIgnoreCase))
            {
                throw section.Unsupported($"has a pattern with \"{pair}\" where case is ignored, which some single characters match");
            }
        }
    }

    private static string Escape(char letter, bool inClass, JsonSection section) => (letter, inClass) switch
    {
        ('w', false) => Word,
        ('w', true) => WordMembers,
        ('W', false) => $"[^{WordMembers}]",
        ('W', true) => throw section.Unsupported(@"has a pattern with \W inside a character class"),
        ('b', false) => $"(?:(?<={Word})(?!{Word})|(?<!{Word})(?={Word}))",
        ('B', false) => $"(?:(?<={Word})(?={Word})|(?<!{Word})(?!{Word}))",
        _ => $"\\{letter}",
    };

    private static void CheckMeaning(ReadOnlySpan<char> rest, int position, bool inClass, JsonSection section)
    {
        if (inClass)
        {
            if (rest is ['[', ..] or ['&', '&', ..])
            {
                throw section.Unsupported("has a pattern with a character class inside another");
            }
        }
        else if (rest is ['{', ',', ..])
        {
            throw section.Unsupported("has a pattern with a repetition {,n}");
        }
        else if (rest is ['(', '?', ..])
        {
            CheckInlineOptions(rest[2..], position, section);
        }
    }

    // (?m) is "the dot matches line ends" there and "^ and $ match at line ends" here; (?s) and (?n) exist only here. An option without
    // a group of its own, (?i), reaches over alternatives there and not here, which makes no difference at the very start.
    private static void CheckInlineOptions(ReadOnlySpan<char> rest, int position, JsonSection section)
    {
        for (int i = 0; i < rest.Length; i++)
        {
            char letter = rest[i];
            if (letter is 'm' or 's' or 'n' or 'x' || (letter == ')' && i > 0 && position > 0))
            {
                throw section.Unsupported("has a pattern with an inline option that is not read alike everywhere");
            }

            if (letter is not ('i' or '-'))
            {
                return;
            }
        }
    }
}
