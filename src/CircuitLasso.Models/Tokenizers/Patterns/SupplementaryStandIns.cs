using System.Globalization;
using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// For every general category a character below U+FFFF that stands in for those beyond it while a regular expression runs. They are taken
/// from scripts that no tokenizer's pattern names, and none of them changes into ASCII when case is ignored.
/// </summary>
internal static class SupplementaryStandIns
{
    /// <summary>The stand-in of a character.</summary>
    public static char Of(Rune rune) => Of(Rune.GetUnicodeCategory(rune));

    /// <summary>The stand-in of a category.</summary>
    public static char Of(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u2C00', // Glagolitic
        UnicodeCategory.LowercaseLetter => '\u2C30',
        UnicodeCategory.TitlecaseLetter => '\u1F88', // polytonic Greek
        UnicodeCategory.ModifierLetter => '\uA4F8', // Lisu
        UnicodeCategory.OtherLetter => '\uABC0', // Meetei Mayek
        UnicodeCategory.NonSpacingMark => '\uABE5',
        UnicodeCategory.SpacingCombiningMark => '\uABE3',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.DecimalDigitNumber => '\uABF0',
        UnicodeCategory.LetterNumber => '\uA6E6', // Bamum
        UnicodeCategory.OtherNumber => '\uA830', // North Indic fractions
        UnicodeCategory.ConnectorPunctuation => '\u2054',
        UnicodeCategory.DashPunctuation => '\u1400',
        UnicodeCategory.OpenPunctuation => '\u2E26',
        UnicodeCategory.ClosePunctuation => '\u2E27',
        UnicodeCategory.InitialQuotePunctuation => '\u2E02',
        UnicodeCategory.FinalQuotePunctuation => '\u2E03',
        UnicodeCategory.OtherPunctuation => '\uABEB',
        UnicodeCategory.MathSymbol => '\u2A00',
        UnicodeCategory.CurrencySymbol => '\uA838',
        UnicodeCategory.ModifierSymbol => '\uA700',
        UnicodeCategory.OtherSymbol => '\u2800', // the empty Braille pattern
        UnicodeCategory.Format => '\u2061',
        UnicodeCategory.PrivateUse => '\uE000',

        // No spaces, controls or halves of pairs exist beyond U+FFFF, so the rest is unassigned.
        _ => '\uFFFE',
    };
}
