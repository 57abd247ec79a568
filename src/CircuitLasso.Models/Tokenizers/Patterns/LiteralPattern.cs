namespace CircuitLasso.Models;

/// <summary>Finds a fixed text; an empty one is found nowhere.</summary>
internal sealed class LiteralPattern(string literal) : ITextPattern
{
    /// <summary>The text, where it is one UTF-16 unit; else null.</summary>
    public char? Unit => literal is [var unit] ? unit : null;

    /// <inheritdoc/>
    public void FindMatches(ReadOnlySpan<char> text, List<Origin> matches)
    {
        if (literal.Length == 0)
        {
            return;
        }

        for (int start = 0; ;)
        {
            int found = text[start..].IndexOf(literal, StringComparison.Ordinal);
            if (found < 0)
            {
                return;
            }

            matches.Add(new Origin(start + found, start + found + literal.Length));
            start += found + literal.Length;
        }
    }
}
