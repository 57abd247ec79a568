using System.Globalization;

namespace CircuitLasso;

/// <summary>The columns or fields that are wanted of each row: the text, then the label if there is one, then those that are kept.</summary>
internal sealed class TextColumns
{
    private readonly TextOptions _options;

    public TextColumns(TextOptions options)
    {
        _options = options;
        Names = [options.TextColumn, .. options.LabelColumn is null ? Array.Empty<string>() : [options.LabelColumn], .. options.KeptColumns];
        Roles =
        [
            "--text-column",
            .. options.LabelColumn is null ? Array.Empty<string>() : ["--label-column"],
            .. options.KeptColumns.Select(_ => "the name of the column to keep"),
        ];
    }

    /// <summary>Names or numbers as the user gave them; the text's may be null.</summary>
    public IReadOnlyList<string?> Names { get; }

    /// <summary>What the user gave each name with.</summary>
    public IReadOnlyList<string> Roles { get; }

    /// <summary>The longest row, in bytes.</summary>
    public int MaximumRowBytes => _options.MaximumRowBytes;

    /// <summary>Whether nothing but the text is wanted.</summary>
    public bool TextAlone => Names.Count == 1 && Names[0] is null;

    /// <summary>Whether the first row of a table names its columns.</summary>
    public bool HasHeader => _options.HasHeader ?? Names.Any(name => name is not null && Number(name) is null);

    /// <summary>Finds the wanted columns among those of a table.</summary>
    /// <param name="header">The header, or the first row of a table without one.</param>
    /// <param name="file">The file, for its errors.</param>
    /// <param name="line">The line of <paramref name="header"/>.</param>
    public int[] Locate(IReadOnlyList<string> header, TextFileBytes file, int line) =>
        [.. Names.Select((name, i) => Locate(name, Roles[i], header, file, line))];

    private int Locate(string? name, string role, IReadOnlyList<string> header, TextFileBytes file, int line)
    {
        if (name is null)
        {
            return header.Count == 1 ? 0 : throw file.Error(line, $"there are {header.Count} columns", $"say which one holds the text with {role}");
        }

        int index = Number(name) is { } number ? number - 1 : HasHeader ? header.ToList().IndexOf(name) : -1;
        if (index < 0 || index >= header.Count)
        {
            string known = HasHeader ? string.Join(", ", header.Take(20)) : $"{header.Count} columns";
            throw file.Error(line, $"there is no column {name} (the file has {known})", $"correct {role}");
        }

        return index;
    }

    private static int? Number(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
