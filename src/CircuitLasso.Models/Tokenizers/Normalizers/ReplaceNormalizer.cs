namespace CircuitLasso.Models;

/// <summary>Puts a fixed text in the place of every match of a pattern (type "Replace").</summary>
internal sealed class ReplaceNormalizer(ITextPattern pattern, string content) : INormalizer
{
    /// <summary>Reads the component.</summary>
    public static INormalizer Read(JsonSection component) =>
        new ReplaceNormalizer(TextPattern.Read(component), component.Required("content").Text());

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        if (pattern is LiteralPattern { Unit: { } unit } && content is [var replacement])
        {
            return text.Characters.Contains(unit) ? text.WithUnitReplaced(unit, replacement) : text;
        }

        List<Origin> matches = [];
        pattern.FindMatches(text.Characters, matches);
        if (matches.Count == 0)
        {
            return text;
        }

        AlignedText result = text.NewEmpty();
        int position = 0;
        foreach (Origin match in matches)
        {
            result.Append(text, position, match.Start - position);
            result.Append(content, text.OriginOf(match.Start, match.End - match.Start));
            position = match.End;
        }

        result.Append(text, position, text.Length - position);
        return result;
    }
}
