using System.Text;

namespace CircuitLasso.Models;

/// <summary>Lower case, character by character and without regard to language or place in the word (type "Lowercase").</summary>
internal sealed class LowercaseNormalizer : INormalizer
{
    private const int CapitalIWithDotAbove = 0x130;

    /// <summary>Reads the component.</summary>
    public static INormalizer Read(JsonSection component) => new LowercaseNormalizer();

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        AlignedText result = text.NewEmpty();
        int position = 0;
        foreach (Rune rune in text.Characters.EnumerateRunes())
        {
            Origin origin = text.OriginOf(position);
            position += rune.Utf16SequenceLength;
            if (rune.Value == CapitalIWithDotAbove)
            {
                // The one character whose lower case is two characters; .NET leaves it alone.
                result.Append("i\u0307", origin);
            }
            else
            {
                result.Append(Rune.ToLowerInvariant(rune), origin);
            }
        }

        return result;
    }
}
