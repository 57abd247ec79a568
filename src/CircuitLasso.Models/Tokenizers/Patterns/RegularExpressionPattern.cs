using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Finds a regular expression, character by character and not UTF-16 unit by unit.</summary>
internal sealed class RegularExpressionPattern : ITextPattern
{
    private const int LongestExpression = 10_000;
    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _textLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _textLimitPerCharacter = TimeSpan.FromMicroseconds(20);

    private readonly Regex _regex;
    private readonly string _file;

    /// <summary>Reads an expression in Oniguruma's syntax.</summary>
    /// <exception cref="InputException">.NET cannot run the expression with the same meaning.</exception>
    public RegularExpressionPattern(string expression, JsonSection section)
    {
        _file = section.File;
        if (expression.Length > LongestExpression)
        {
            throw section.Unsupported($"has a pattern of {expression.Length} characters, more than {LongestExpression}");
        }

        try
        {
            // Ruby's ^ and $ always match at line ends. NonBacktracking would need no time limit but knows no look-ahead, which the usual patterns have.
            _regex = new Regex(OnigurumaSyntax.Translate(expression, section), RegexOptions.CultureInvariant | RegexOptions.Multiline, _matchLimit);
        }
        catch (ArgumentException cause)
        {
            throw section.Unsupported($"has a pattern that cannot be read ({cause.Message})");
        }
    }

    /// <inheritdoc/>
    public void FindMatches(ReadOnlySpan<char> text, List<Origin> matches)
    {
        try
        {
            if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            {
                Run(text, matches, null);
                return;
            }

            // Characters beyond U+FFFF are replaced, one for one, by a character of the same category below it.
            char[] standIns = new char[text.Length];
            int[] positions = new int[text.Length + 1];
            int count = 0;
            int position = 0;
            foreach (Rune rune in text.EnumerateRunes())
            {
                standIns[count] = rune.IsBmp ? (char)rune.Value : SupplementaryStandIns.Of(rune);
                positions[count++] = position;
                position += rune.Utf16SequenceLength;
            }

            positions[count] = position;
            Run(standIns.AsSpan(0, count), matches, positions);
        }
        catch (RegexMatchTimeoutException cause)
        {
            throw TooSlow(cause);
        }
    }

    private void Run(ReadOnlySpan<char> text, List<Origin> matches, int[]? positions)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan limit = _textLimit + (_textLimitPerCharacter * text.Length);
        foreach (ValueMatch match in _regex.EnumerateMatches(text))
        {
            int end = match.Index + match.Length;
            matches.Add(positions is null ? new Origin(match.Index, end) : new Origin(positions[match.Index], positions[end]));
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw TooSlow(null);
            }
        }
    }

    private InputException TooSlow(Exception? cause) =>
        new(_file, "a pattern takes too long on this text", "check the file's patterns and shorten the text", cause);
}
