using System.Text;

namespace CircuitLasso.Models.Tests;

/// <summary>Texts that are hard to tokenize: contractions, white space of all kinds, letters and numbers beyond U+FFFF, marks, names of special tokens.</summary>
internal static class RandomText
{
    private const string Letters = "abcsStTdmlLvVrReE'''  \t\n\r.,!?12 3érß日本ǅ\u0301\u0323\u00A0\u3000²Ⅷ\u200B\u200D\u0085\u2028\uFEFF\u017F\u212Aİı▁_-<>|";

    private static readonly string[] _parts =
    [
        "🙂", "𝒳", "𝟘", "\U00010400", "\U000F0000", "\U00011F04", "'ll", "'RE", " the", "other", "<|endoftext|>", "<s>", "<bos>", "<unk>", "\r\n", "  ", "1234567", "각", "Привет",
    ];

    /// <summary>A text of so many letters and parts.</summary>
    public static string Next(Random random, int length)
    {
        StringBuilder text = new();
        for (int i = 0; i < length; i++)
        {
            if (random.Next(4) == 0)
            {
                text.Append(_parts[random.Next(_parts.Length)]);
            }
            else
            {
                text.Append(Letters[random.Next(Letters.Length)]);
            }
        }

        return text.ToString();
    }
}
