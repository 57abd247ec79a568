namespace CircuitLasso;

/// <summary>What a store was made from and how, so far as it decides the numbers. Every part may be missing in a store made elsewhere. Immutable.</summary>
public sealed record StoreProvenance
{
    /// <summary>The checkpoint.</summary>
    public StoreSource? Model { get; init; }

    /// <summary>The tokenizer.</summary>
    public StoreSource? Tokenizer { get; init; }

    /// <summary>The text file.</summary>
    public StoreSource? Text { get; init; }

    /// <summary>The sparse autoencoders, by the site whose features they give.</summary>
    public IReadOnlyDictionary<string, StoreSource> Saes { get; init; } = new Dictionary<string, StoreSource>();

    /// <summary>When a beginning-of-sequence token is put before a text.</summary>
    public string? BosPolicy { get; init; }

    /// <summary>How texts are put together into batches: the last bits of the numbers depend on it.</summary>
    public string? BatchPartition { get; init; }

    /// <summary>What computed the numbers: matrix backend and instruction set.</summary>
    public string? Backend { get; init; }

    /// <summary>Further settings that decide the rows, such as the column of the text; ordered by name in the file.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
