using System.Globalization;
using System.Text.RegularExpressions;

namespace CircuitLasso;

/// <summary>How a collection puts texts together: the last bits of the numbers depend on it, so a store that is gone on with keeps its own. Immutable.</summary>
/// <param name="TextsPerChunk">Consecutive texts that are sorted by length together.</param>
/// <param name="TokensPerBatch">The most tokens of a batch, padding counted; a longer text is a batch of its own.</param>
public sealed partial record BatchPartition(int TextsPerChunk, int TokensPerBatch)
{
    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <param name="text">The words of a manifest, or null.</param>
    /// <returns>The partition, or null where the words are others.</returns>
    public static BatchPartition? Parse(string? text) =>
        Words().Match(text ?? string.Empty) is { Success: true } match
            && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int texts) && texts > 0
            && int.TryParse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int tokens) && tokens > 0
            ? new BatchPartition(texts, tokens)
            : null;

    /// <summary>The partition of the store in a folder, or null where there is none that says.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <exception cref="Numerics.InputException">The folder's manifest is damaged.</exception>
    public static BatchPartition? OfStore(string folder) =>
        StoreFolder.HasManifest(folder) ? Parse(ActivationStoreManifest.Read(folder).Provenance.BatchPartition) : null;

    /// <inheritdoc/>
    public override string ToString() =>
        FormattableString.Invariant($"chunks of {TextsPerChunk} texts, by length into batches of at most {TokensPerBatch} padded tokens");

    [GeneratedRegex("^chunks of ([0-9]+) texts, by length into batches of at most ([0-9]+) padded tokens$", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
