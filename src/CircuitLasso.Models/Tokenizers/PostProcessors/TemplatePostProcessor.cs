namespace CircuitLasso.Models;

/// <summary>Special tokens around the text, as a template for one text says (type "TemplateProcessing"). The template for pairs is not used.</summary>
internal sealed class TemplatePostProcessor(IReadOnlyList<int> before, IReadOnlyList<int> after) : IPostProcessor
{
    /// <inheritdoc/>
    public IReadOnlyList<int> Before { get; } = before;

    /// <inheritdoc/>
    public IReadOnlyList<int> After { get; } = after;

    /// <summary>Reads the component.</summary>
    public static IPostProcessor Read(JsonSection component)
    {
        Dictionary<string, int[]> specialTokens = new(StringComparer.Ordinal);
        foreach ((string name, JsonSection value) in component.Required("special_tokens").Members())
        {
            specialTokens[name] = [.. value.Required("ids").Items().Select(id => id.Integer(Vocabulary.LargestId))];
        }

        List<int> before = [];
        List<int> after = [];
        bool textSeen = false;
        JsonSection template = component.Required("single");
        foreach (JsonSection piece in template.Items())
        {
            if (piece.Optional("SpecialToken") is { } special)
            {
                string name = special.Required("id").Text();
                (textSeen ? after : before).AddRange(
                    specialTokens.TryGetValue(name, out int[]? ids) ? ids : throw special.Error($"names \"{name}\", which is not among the special_tokens"));
                continue;
            }

            JsonSection sequence = piece.Required("Sequence").Required("id");
            if (sequence.Text() != "A" || textSeen)
            {
                throw sequence.Error("has to be \"A\", once: the template is for one text");
            }

            textSeen = true;
        }

        return textSeen ? new TemplatePostProcessor(before, after) : throw template.Error("has no place for the text");
    }
}
