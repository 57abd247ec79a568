using System.Collections.ObjectModel;
using CircuitLasso.Numerics;
using CsvHelper;

namespace CircuitLasso;

/// <summary>
/// The rows of a text file: plain lines, a column of a TSV or CSV file, a field of JSON lines, or a JSON list. <see cref="Open"/> reads the whole
/// file once, so that whatever is wrong with any row is said before long work starts; each <see cref="ReadRows"/> streams it again in memory of one row.
/// </summary>
/// <remarks>Immutable and thread-safe: several threads may read rows at once, each in an enumeration of its own.</remarks>
public sealed class TextSource
{
    /// <summary>The most classes that a label column may have.</summary>
    public const int MaximumLabelClasses = 1000;

    private static readonly ReadOnlyDictionary<string, string> _noColumns = ReadOnlyDictionary<string, string>.Empty;

    private static readonly Dictionary<TextFormat, ITextRowReader> _readers = new()
    {
        [TextFormat.Lines] = new LineRowReader(),
        [TextFormat.TabSeparated] = new TableRowReader('\t', CsvMode.NoEscape),
        [TextFormat.CommaSeparated] = new TableRowReader(',', CsvMode.Rfc4180),
        [TextFormat.JsonLines] = new JsonLineRowReader(),
        [TextFormat.JsonList] = new JsonListRowReader(),
    };

    private readonly TextColumns _columns;
    private readonly Dictionary<string, int> _classes = new(StringComparer.Ordinal);

    private TextSource(string path, TextOptions options, TextFormat format)
    {
        Path = path;
        Options = options;
        Format = format;
        _columns = new TextColumns(options);
        SortedSet<string> labels = new(StringComparer.Ordinal);
        using TextFileBytes file = new(path);
        foreach ((int line, string[] values) in Checked(file))
        {
            RowCount = checked(RowCount + 1);
            if (options.LabelColumn is not null && labels.Add(values[1]) && labels.Count > MaximumLabelClasses)
            {
                throw file.Error(line, $"the label column has more than {MaximumLabelClasses} different labels", "correct --label-column");
            }
        }

        if (RowCount == 0)
        {
            throw new InputException(path, "holds no text", "give a file with at least one row");
        }

        if (labels.Count == 1)
        {
            throw new InputException(path, $"the label column holds one class only ({labels.Min})", "give rows of at least two classes, or leave --label-column out");
        }

        LabelClasses = [.. labels];
        for (int i = 0; i < LabelClasses.Count; i++)
        {
            _classes.Add(LabelClasses[i], i);
        }

        Sha256 = file.Sha256();
    }

    /// <summary>The path as the user wrote it.</summary>
    public string Path { get; }

    /// <summary>What was asked of the file.</summary>
    public TextOptions Options { get; }

    /// <summary>The file's format.</summary>
    public TextFormat Format { get; }

    /// <summary>Number of rows, at least 1.</summary>
    public int RowCount { get; }

    /// <summary>The different labels in ordinal order, at least two; empty where no label column was asked for.</summary>
    public IReadOnlyList<string> LabelClasses { get; }

    /// <summary>SHA-256 of the file's bytes, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Reads the file once from end to end, and refuses it if any row is wrong.</summary>
    /// <param name="path">The text file.</param>
    /// <param name="options">What to read; null reads the text alone in the format of the extension.</param>
    /// <exception cref="InputException">
    /// The file is missing, empty, not UTF-8 or not what its format says; a column is missing; a row has no text or no label, or is too long; the label
    /// column has one class only, or more than <see cref="MaximumLabelClasses"/>. The message names the line.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The longest row is less than one byte.</exception>
    public static TextSource Open(string path, TextOptions? options = null)
    {
        options ??= new TextOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaximumRowBytes, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaximumRowBytes, 1 << 29, nameof(options));
        return new TextSource(path, options, options.Format ?? FormatOf(path));
    }

    /// <summary>Streams the rows in order.</summary>
    /// <exception cref="InputException">The file can no longer be read, or has changed since <see cref="Open"/>.</exception>
    public IEnumerable<TextRow> ReadRows()
    {
        using TextFileBytes file = new(Path);
        int index = 0;
        foreach ((int line, string[] values) in Checked(file))
        {
            int? labelClass = null;
            if (Options.LabelColumn is not null)
            {
                labelClass = _classes.TryGetValue(values[1], out int known) ? known : throw Changed();
            }

            yield return index < RowCount ? Row(index, line, values, labelClass) : throw Changed();
            index++;
        }

        if (file.Sha256() != Sha256)
        {
            throw Changed();
        }
    }

    private static TextFormat FormatOf(string path) => System.IO.Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".TSV" => TextFormat.TabSeparated,
        ".CSV" => TextFormat.CommaSeparated,
        ".JSONL" or ".NDJSON" => TextFormat.JsonLines,
        ".JSON" => BeginsWithBracket(path) ? TextFormat.JsonList : TextFormat.JsonLines,
        _ => TextFormat.Lines,
    };

    private static bool BeginsWithBracket(string path)
    {
        using TextFileBytes file = new(path);
        byte[] buffer = new byte[4096];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, read).TrimStart(" \t\r\n"u8);
            if (!rest.IsEmpty)
            {
                return rest[0] == (byte)'[';
            }
        }

        return false;
    }

    private IEnumerable<(int Line, string[] Values)> Checked(TextFileBytes file)
    {
        foreach ((int line, string[] values) in _readers[Format].Read(file, _columns))
        {
            if (values[0].Length == 0 && !Options.AllowEmptyText)
            {
                throw file.Error(line, "the text is empty", "fill or remove the row");
            }

            if (Options.LabelColumn is not null && values[1].Length == 0)
            {
                throw file.Error(line, "the label is missing", "fill or remove the row");
            }

            yield return (line, values);
        }
    }

    private TextRow Row(int index, int line, string[] values, int? labelClass)
    {
        int kept = values.Length - Options.KeptColumns.Count;
        IReadOnlyDictionary<string, string> columns = _noColumns;
        if (kept < values.Length)
        {
            Dictionary<string, string> filled = new(StringComparer.Ordinal);
            for (int i = kept; i < values.Length; i++)
            {
                filled[Options.KeptColumns[i - kept]] = values[i];
            }

            columns = filled;
        }

        return new TextRow(index, line, values[0], Options.LabelColumn is null ? null : values[1], labelClass, columns);
    }

    private InputException Changed() => new(Path, "the file has changed since it was first read", "run the command again");
}
