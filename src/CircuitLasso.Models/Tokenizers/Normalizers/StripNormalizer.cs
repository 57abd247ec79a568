namespace CircuitLasso.Models;

/// <summary>Takes white space off the ends (type "Strip").</summary>
internal sealed class StripNormalizer(bool left, bool right) : INormalizer
{
    /// <summary>Reads the component.</summary>
    public static INormalizer Read(JsonSection component) =>
        new StripNormalizer(component.Required("strip_left").Flag(), component.Required("strip_right").Flag());

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        ReadOnlySpan<char> characters = text.Characters;
        int start = 0;
        int end = characters.Length;

        // All white space is below U+FFFF, so one unit is one character.
        while (left && start < end && char.IsWhiteSpace(characters[start]))
        {
            start++;
        }

        while (right && end > start && char.IsWhiteSpace(characters[end - 1]))
        {
            end--;
        }

        return end - start == text.Length ? text : text.Slice(start, end - start);
    }
}
