namespace CircuitLasso;

/// <summary>One file of rows of a store. Immutable.</summary>
public sealed record StoreShard
{
    /// <summary>The file's name in the folder of the store.</summary>
    public required string File { get; init; }

    /// <summary>The store's row that is the first of this file.</summary>
    public required long FirstRow { get; init; }

    /// <summary>Number of rows, at least 1.</summary>
    public required int Rows { get; init; }

    /// <summary>The text (its row in the text file, from 0) of the first row.</summary>
    public required int FirstText { get; init; }

    /// <summary>The text of the last row.</summary>
    public required int LastText { get; init; }

    /// <summary>The file's length.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of the file, in lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }
}
