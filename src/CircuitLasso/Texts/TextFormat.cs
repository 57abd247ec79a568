namespace CircuitLasso;

/// <summary>How a text file holds its rows.</summary>
public enum TextFormat
{
    /// <summary>One text per line; lines of nothing but white space hold no row. Files of any other extension.</summary>
    Lines,

    /// <summary>Columns parted by tabs, one row per line, no quoting: a quote character is text. Files named <c>.tsv</c>.</summary>
    TabSeparated,

    /// <summary>Columns parted by commas, quoted as RFC 4180 says. Files named <c>.csv</c>.</summary>
    CommaSeparated,

    /// <summary>One JSON object (or string) per line. Files named <c>.jsonl</c> or <c>.ndjson</c>, and <c>.json</c> that does not begin with a bracket.</summary>
    JsonLines,

    /// <summary>One JSON list of strings or of objects. Files named <c>.json</c> that begin with a bracket.</summary>
    JsonList,
}
