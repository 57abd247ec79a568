using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>Features as plain text.</summary>
public static class FeatureText
{
    // Tokens at least this share of the strongest are marked.
    private const double MarkedShare = 0.25;
    private const string BarSigns = " ▁▂▃▄▅▆▇█";

    /// <summary>An example on one line, its strong tokens (a quarter of the strongest, or more) in brackets, the spaces before them outside: <c>The [cats] sleep</c>.</summary>
    /// <param name="example">The example; without tokens its text is given as it is.</param>
    public static string Marked(CircuitExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        if (example.Tokens.Count == 0)
        {
            return example.Text;
        }

        double strongest = example.Tokens.Max(token => token.Value);
        return string.Concat(example.Tokens.Select(token =>
        {
            string text = token.Text.TrimStart(' ');
            return token.Value > 0 && token.Value >= MarkedShare * strongest ? $"{token.Text[..^text.Length]}[{text}]" : token.Text;
        }));
    }

    /// <summary>
    /// A token as it stands in running text, so that the texts of tokens put together read as one: <see cref="Tokenizer.TokenText"/>, with a space before it where the tokenizer joins tokens by
    /// spaces and holds none in them.
    /// </summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="id">The token's id.</param>
    public static string TokenText(Tokenizer tokenizer, int id)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        string text = tokenizer.TokenText(id);
        string one = tokenizer.Decode([id]);
        return one.Length > 0 && !text.StartsWith(' ') && tokenizer.Decode([id, id]) == $"{one} {one}" ? " " + text : text;
    }

    /// <summary>A token in quotation marks, with signs for line ends and tabs and without its leading space.</summary>
    /// <param name="token">The token.</param>
    public static string Quoted(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return $"“{PeakTokens.Shown(token)}”";
    }

    /// <summary>A histogram as one line of block characters, the tallest bar full; a bar that is not empty is never blank.</summary>
    /// <param name="histogram">The bars.</param>
    public static string Bars(IReadOnlyList<ActivationBin> histogram)
    {
        ArgumentNullException.ThrowIfNull(histogram);
        double tallest = histogram.Select(bin => bin.Count).DefaultIfEmpty(0).Max();
        return string.Concat(histogram.Select(bin => BarSigns[bin.Count == 0 ? 0 : Math.Max(1, (int)Math.Round(bin.Count / tallest * (BarSigns.Length - 1)))]));
    }
}
