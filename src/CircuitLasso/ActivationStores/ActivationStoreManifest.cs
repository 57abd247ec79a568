using System.Text.Json.Serialization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// What <c>manifest.json</c> of an activation store says: what is stored, what it was made from, and which files of rows are whole.
/// <c>docs/store.md</c> documents it for other programs. Immutable.
/// </summary>
public sealed record ActivationStoreManifest
{
    /// <summary>What <see cref="Format"/> says.</summary>
    public const string FormatName = "circuitlasso-activation-store";

    /// <summary>The newest version of the format that this program reads, and the one it writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Shards written by this program have a multiple of this many rows (the last one aside, and all of them where positions are not pooled).</summary>
    public const int RowAlignment = 256;

    private const long ShardBytes = 64L << 20;
    private const int MostRowsPerShard = 1 << 16;
    private const int MostTextsPerShard = 1 << 12;
    private const int ExpectedFeaturesPerRow = 128;

    /// <summary>Always <see cref="FormatName"/>.</summary>
    [JsonPropertyOrder(-3)]
    public string Format { get; init; } = FormatName;

    /// <summary>The version of the format.</summary>
    [JsonPropertyOrder(-2)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Whether the store holds all its rows; false while it is being written.</summary>
    [JsonPropertyOrder(-1)]
    public bool Complete { get; init; }

    /// <summary>How positions became rows.</summary>
    public required Pooling Pooling { get; init; }

    /// <summary>The element type of dense sites and of the values of sparse ones: <c>float32</c>.</summary>
    public string Dtype { get; init; } = "float32";

    /// <summary>The sites, at least one.</summary>
    public required IReadOnlyList<StoreSite> Sites { get; init; }

    /// <summary>Names of the numbers that each row has as targets of a regression, such as <c>logprob</c>.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Names of the label's classes, at least two; empty where rows have no label.</summary>
    public IReadOnlyList<string> LabelClasses { get; init; } = [];

    /// <summary>What the store was made from.</summary>
    public StoreProvenance Provenance { get; init; } = new();

    /// <summary>
    /// The most rows of a shard; where positions are not pooled, a shard ends before the text that would bring more, and a text with more rows is a shard
    /// of its own. A text never lies in two shards.
    /// </summary>
    public int RowsPerShard { get; init; } = RowAlignment;

    /// <summary>Number of rows in the shards.</summary>
    public long Rows { get; init; }

    /// <summary>The file of constant tensors, or null.</summary>
    public StoreConstants? Constants { get; init; }

    /// <summary>The files of rows, in the order of their rows.</summary>
    public IReadOnlyList<StoreShard> Shards { get; init; } = [];

    /// <summary>
    /// The number of rows of a shard: a multiple of <see cref="RowAlignment"/> that makes about 64 MiB, counting 128 features a row for a sparse site, and where
    /// positions are pooled at most 4096, because an interruption loses the passes of all texts since the last whole shard.
    /// </summary>
    /// <param name="sites">The sites that are stored.</param>
    /// <param name="pooling">How positions become rows.</param>
    public static int ChooseRowsPerShard(IEnumerable<StoreSite> sites, Pooling pooling)
    {
        ArgumentNullException.ThrowIfNull(sites);
        long rowBytes = sites.Sum(site => site.Kind == StoreSiteKind.Dense ? 4L * site.Width : 8L * ExpectedFeaturesPerRow);
        long rows = ShardBytes / Math.Max(1, rowBytes) / RowAlignment * RowAlignment;
        return (int)Math.Clamp(rows, RowAlignment, pooling == Pooling.None ? MostRowsPerShard : MostTextsPerShard);
    }

    /// <summary>The site of that name, or null.</summary>
    /// <param name="name">The site's name.</param>
    public StoreSite? FindSite(string name) => Sites.FirstOrDefault(site => site.Name == name);

    /// <summary>Reads and checks <c>manifest.json</c> of a store.</summary>
    /// <param name="folder">The folder of the store.</param>
    /// <exception cref="InputException">There is none, it is wrong, or it is of a newer version.</exception>
    public static ActivationStoreManifest Read(string folder) => StoreManifestFile.Read(folder);
}
