using System.Globalization;
using System.Text;

namespace CircuitLasso.Models;

/// <summary>Combining classes, decompositions and compositions, from <c>unicode-normalization.txt</c> (see its head).</summary>
internal sealed class UnicodeNormalizationTable
{
    private readonly Dictionary<Rune, int> _combiningClass = [];
    private readonly Dictionary<Rune, Rune[]> _canonical = [];
    private readonly Dictionary<Rune, Rune[]> _compatibility = [];
    private readonly Dictionary<(Rune First, Rune Second), Rune> _composition = [];

    private UnicodeNormalizationTable()
    {
    }

    /// <summary>Reads the table that is part of this assembly.</summary>
    public static UnicodeNormalizationTable Read()
    {
        UnicodeNormalizationTable table = new();
        Dictionary<Rune, (bool IsCompatibility, Rune[] Parts)> rules = [];
        using Stream stream = typeof(UnicodeNormalizationTable).Assembly.GetManifestResourceStream("unicode-normalization.txt")
            ?? throw new InvalidOperationException("The assembly was built without unicode-normalization.txt.");
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split(' ');
            if (fields[0] == "#")
            {
                continue;
            }

            Rune character = Hexadecimal(fields[1]);
            if (fields[0] == "c")
            {
                table._combiningClass.Add(character, int.Parse(fields[2], CultureInfo.InvariantCulture));
                continue;
            }

            Rune[] parts = [.. fields[2..].Select(Hexadecimal)];
            rules.Add(character, (fields[0] == "k", parts));
            if (fields[0] == "=")
            {
                table._composition.Add((parts[0], parts[1]), character);
            }
        }

        // The rules decompose one step; what is kept decomposes all the way.
        foreach ((Rune character, (bool isCompatibility, _)) in rules)
        {
            if (!isCompatibility)
            {
                table._canonical.Add(character, [.. Expand(character, compatibility: false, rules)]);
            }

            table._compatibility.Add(character, [.. Expand(character, compatibility: true, rules)]);
        }

        return table;
    }

    /// <summary>The canonical combining class: 0 for starters.</summary>
    public int CombiningClass(Rune rune) => _combiningClass.GetValueOrDefault(rune);

    /// <summary>The full decomposition, or null; Hangul syllables are not in the table.</summary>
    public Rune[]? Decomposition(Rune rune, bool compatibility) => (compatibility ? _compatibility : _canonical).GetValueOrDefault(rune);

    /// <summary>What two characters compose to, or null.</summary>
    public Rune? Composition(Rune first, Rune second) => _composition.TryGetValue((first, second), out Rune composed) ? composed : null;

    private static IEnumerable<Rune> Expand(Rune rune, bool compatibility, Dictionary<Rune, (bool IsCompatibility, Rune[] Parts)> rules) =>
        rules.TryGetValue(rune, out (bool IsCompatibility, Rune[] Parts) rule) && (compatibility || !rule.IsCompatibility)
            ? rule.Parts.SelectMany(part => Expand(part, compatibility, rules))
            : [rune];

    private static Rune Hexadecimal(string digits) => new(int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
