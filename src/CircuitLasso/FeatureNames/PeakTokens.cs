namespace CircuitLasso;

/// <summary>A label for a feature that nobody has named: the tokens on which it is strongest.</summary>
internal static class PeakTokens
{
    private const string Prefix = "fires on ";
    private const int MostTokens = 3;

    /// <summary>Whether a label is one of these, which any other label replaces.</summary>
    internal static bool IsLabel(string label) => label.StartsWith(Prefix + '“', StringComparison.Ordinal);

    /// <summary>The label, with the tokens that are strongest in most examples; null where no example has tokens.</summary>
    internal static string? Label(IEnumerable<CircuitExample> examples)
    {
        string[] peaks =
        [
            .. examples.Where(example => example.Tokens.Count > 0)
                .Select(example => Shown(example.Tokens.MaxBy(token => token.Value).Text))
                .GroupBy(token => token, StringComparer.Ordinal)
                .OrderByDescending(group => group.Count())
                .Select(group => group.Key),
        ];
        return peaks.Length == 0 ? null : Prefix + string.Join(", ", peaks.Take(MostTokens).Select(token => $"“{token}”"));
    }

    /// <summary>A token as it stands in running text: without its leading space, and with signs for what is not seen.</summary>
    internal static string Shown(string token)
    {
        string text = token.Replace("\n", "↵", StringComparison.Ordinal).Replace("\r", string.Empty, StringComparison.Ordinal).Replace("\t", "⇥", StringComparison.Ordinal).Trim(' ');
        return text.Length > 0 ? text : "␣";
    }
}
