namespace CircuitLasso;

/// <summary>Which parts of a text file are wanted, and how to read it. Immutable.</summary>
public sealed record TextOptions
{
    /// <summary>The default of <see cref="MaximumRowBytes"/>: 16 MiB.</summary>
    public const int DefaultMaximumRowBytes = 1 << 24;

    /// <summary>The format; null (the default) goes by the file's extension, as <see cref="CircuitLasso.TextFormat"/> says.</summary>
    public TextFormat? Format { get; init; }

    /// <summary>
    /// Where the text is: a column's number (from 1) or header name, or a JSON field. Null (the default) is the only column of a file with one,
    /// the field <c>text</c> of JSON objects, and JSON strings themselves.
    /// </summary>
    public string? TextColumn { get; init; }

    /// <summary>Where the row's class label is, named like <see cref="TextColumn"/>; null (the default) reads none.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>Further columns or fields kept with each row as strings, such as the answers whose logits are compared; none by default.</summary>
    public IReadOnlyList<string> KeptColumns { get; init; } = [];

    /// <summary>
    /// Whether the first row of a TSV or CSV file names the columns. Null (the default): yes when any column is asked for by name, no when all
    /// are asked for by number.
    /// </summary>
    public bool? HasHeader { get; init; }

    /// <summary>Whether a row may have an empty text; false by default.</summary>
    public bool AllowEmptyText { get; init; }

    /// <summary>The longest row that is read, in bytes of the file: what bounds the memory of reading. At least 1.</summary>
    public int MaximumRowBytes { get; init; } = DefaultMaximumRowBytes;
}
