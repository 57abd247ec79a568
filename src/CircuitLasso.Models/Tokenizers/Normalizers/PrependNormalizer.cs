namespace CircuitLasso.Models;

/// <summary>Puts a fixed text before every text that is not empty (type "Prepend").</summary>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    /// <summary>Reads the component.</summary>
    public static INormalizer Read(JsonSection component) => new PrependNormalizer(component.Required("prepend").Text());

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        AlignedText result = text.NewEmpty();
        result.Append(prefix, text.OriginOf(0, 0));
        result.Append(text, 0, text.Length);
        return result;
    }
}
