namespace CircuitLasso.Models;

/// <summary>Several normalizers, one after the other (type "Sequence").</summary>
internal sealed class NormalizerSequence(IReadOnlyList<INormalizer> normalizers) : INormalizer
{
    /// <summary>Reads the component.</summary>
    public static INormalizer Read(JsonSection component) =>
        new NormalizerSequence([.. component.Required("normalizers").Items().Select(TokenizerComponents.ReadNormalizer)]);

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        foreach (INormalizer normalizer in normalizers)
        {
            text = normalizer.Normalize(text);
        }

        return text;
    }
}
