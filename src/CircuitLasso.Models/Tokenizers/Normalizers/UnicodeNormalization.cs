using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// Unicode normalization (UAX 15) with the project's own table: <see cref="string.Normalize()"/> does nothing where globalization is
/// invariant, and where it works it does not say which characters became which.
/// </summary>
internal static class UnicodeNormalization
{
    private const int HangulFirst = 0xAC00;
    private const int HangulCount = 11_172;
    private const int LeadingFirst = 0x1100;
    private const int LeadingCount = 19;
    private const int VowelFirst = 0x1161;
    private const int VowelCount = 21;
    private const int TrailingFirst = 0x11A7;
    private const int TrailingCount = 28;

    private static readonly Lazy<UnicodeNormalizationTable> _table = new(UnicodeNormalizationTable.Read);

    /// <summary>The text in a normalization form; the same object where every character is too low to change.</summary>
    public static AlignedText Normalize(AlignedText text, NormalizationForm form)
    {
        bool compose = form is NormalizationForm.FormC or NormalizationForm.FormKC;
        bool compatibility = form is NormalizationForm.FormKC or NormalizationForm.FormKD;

        // Nothing below changes by itself or meets a mark that it composes with.
        char firstAffected = form == NormalizationForm.FormC ? '\u0300' : '\u0080';
        if (text.Characters.IndexOfAnyInRange(firstAffected, '\uFFFF') < 0)
        {
            return text;
        }

        UnicodeNormalizationTable table = _table.Value;
        List<Part> parts = Decompose(text, table, compatibility);
        Reorder(parts);
        if (compose)
        {
            Compose(parts, table);
        }

        AlignedText result = text.NewEmpty();
        foreach (Part part in parts)
        {
            result.Append(part.Rune, part.Origin);
        }

        return result;
    }

    private static List<Part> Decompose(AlignedText text, UnicodeNormalizationTable table, bool compatibility)
    {
        List<Part> parts = new(text.Length);
        int position = 0;
        foreach (Rune rune in text.Characters.EnumerateRunes())
        {
            Origin origin = text.OriginOf(position);
            position += rune.Utf16SequenceLength;
            int hangul = rune.Value - HangulFirst;
            if (hangul is >= 0 and < HangulCount)
            {
                parts.Add(new Part(new Rune(LeadingFirst + (hangul / (VowelCount * TrailingCount))), 0, origin));
                parts.Add(new Part(new Rune(VowelFirst + (hangul / TrailingCount % VowelCount)), 0, origin));
                if (hangul % TrailingCount != 0)
                {
                    parts.Add(new Part(new Rune(TrailingFirst + (hangul % TrailingCount)), 0, origin));
                }
            }
            else if (table.Decomposition(rune, compatibility) is { } decomposition)
            {
                foreach (Rune part in decomposition)
                {
                    parts.Add(new Part(part, table.CombiningClass(part), origin));
                }
            }
            else
            {
                parts.Add(new Part(rune, table.CombiningClass(rune), origin));
            }
        }

        return parts;
    }

    // Every run of marks is sorted by combining class, marks of one class staying in order.
    private static void Reorder(List<Part> parts)
    {
        for (int start = 0; start < parts.Count;)
        {
            if (parts[start].CombiningClass == 0)
            {
                start++;
                continue;
            }

            int end = start + 1;
            bool sorted = true;
            while (end < parts.Count && parts[end].CombiningClass != 0)
            {
                sorted &= parts[end - 1].CombiningClass <= parts[end].CombiningClass;
                end++;
            }

            if (!sorted)
            {
                Part[] run = [.. parts[start..end].OrderBy(part => part.CombiningClass)];
                for (int i = 0; i < run.Length; i++)
                {
                    parts[start + i] = run[i];
                }
            }

            start = end;
        }
    }

    private static void Compose(List<Part> parts, UnicodeNormalizationTable table)
    {
        int starter = -1;
        int kept = 0;
        int lastClass = -1;
        for (int i = 0; i < parts.Count; i++)
        {
            Part part = parts[i];

            // A mark is blocked from its starter by one of the same or a higher class in between, a starter by anything in between.
            if (starter >= 0 && lastClass < part.CombiningClass && Composed(parts[starter].Rune, part.Rune, table) is { } composed)
            {
                parts[starter] = parts[starter] with { Rune = composed, Origin = parts[starter].Origin.Union(part.Origin) };
                continue;
            }

            if (part.CombiningClass == 0)
            {
                starter = kept;
                lastClass = -1;
            }
            else
            {
                lastClass = part.CombiningClass;
            }

            parts[kept++] = part;
        }

        parts.RemoveRange(kept, parts.Count - kept);
    }

    private static Rune? Composed(Rune first, Rune second, UnicodeNormalizationTable table)
    {
        int leading = first.Value - LeadingFirst;
        int vowel = second.Value - VowelFirst;
        if (leading is >= 0 and < LeadingCount && vowel is >= 0 and < VowelCount)
        {
            return new Rune(HangulFirst + (((leading * VowelCount) + vowel) * TrailingCount));
        }

        int hangul = first.Value - HangulFirst;
        int trailing = second.Value - TrailingFirst;
        if (hangul is >= 0 and < HangulCount && hangul % TrailingCount == 0 && trailing is > 0 and < TrailingCount)
        {
            return new Rune(first.Value + trailing);
        }

        return table.Composition(first, second);
    }

    private readonly record struct Part(Rune Rune, int CombiningClass, Origin Origin);
}
