using System.Text;

namespace CircuitLasso.Models;

/// <summary>One of Unicode's normalization forms (types "NFC", "NFD", "NFKC", "NFKD").</summary>
internal sealed class UnicodeFormNormalizer(NormalizationForm form) : INormalizer
{
    /// <summary>Makes the reader of a type; the type has no settings.</summary>
    public static Func<JsonSection, INormalizer> Reader(NormalizationForm form) => _ => new UnicodeFormNormalizer(form);

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text) => UnicodeNormalization.Normalize(text, form);
}
