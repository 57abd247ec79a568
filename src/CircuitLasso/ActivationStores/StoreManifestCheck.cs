using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Checks everything that a manifest says of itself, so that what uses it can trust it.</summary>
internal static class StoreManifestCheck
{
    private const int WidestSite = 1 << 26;

    // Arrays of one number a row are held in memory while a shard is checked.
    private const int MostRowsPerShard = 1 << 24;

    public static void Check(ActivationStoreManifest manifest, string path)
    {
        InputException Wrong(string problem) => new(path, problem, "correct it, or make the store again");

        if (manifest.Dtype != "float32")
        {
            throw Wrong($"has the dtype {manifest.Dtype}, not float32");
        }

        if (manifest.RowsPerShard is < 1 or > MostRowsPerShard)
        {
            throw Wrong($"has a rows_per_shard of {manifest.RowsPerShard}, which is not between 1 and {MostRowsPerShard}");
        }

        CheckSites(manifest, Wrong);
        CheckUnique(manifest.Targets, "target", StoreNames.IsTargetName, Wrong);
        CheckUnique(manifest.LabelClasses, "label class", name => name.Length > 0, Wrong);
        if (manifest.LabelClasses.Count == 1)
        {
            throw Wrong($"has one label class only ({manifest.LabelClasses[0]})");
        }

        CheckProvenance(manifest.Provenance, Wrong);
        CheckFiles(manifest, Wrong);
    }

    private static void CheckSites(ActivationStoreManifest manifest, Func<string, InputException> wrong)
    {
        if (manifest.Sites.Count == 0 || manifest.Sites.Any(site => site is null))
        {
            throw wrong("has no sites");
        }

        CheckUnique([.. manifest.Sites.Select(site => site.Name)], "site", StoreNames.IsSiteName, wrong);
        foreach (StoreSite site in manifest.Sites)
        {
            if (site.Width is < 1 or > WidestSite)
            {
                throw wrong($"gives site {site.Name} the width {site.Width}, which is not between 1 and {WidestSite}");
            }

            if (site.Heads is { } heads && (heads < 1 || site.Width % heads != 0 || site.Kind != StoreSiteKind.Dense))
            {
                throw wrong($"gives site {site.Name} {heads} heads, among which a dense width of {site.Width} cannot be shared");
            }

            if (site.Reads is { } read && (site.Kind != StoreSiteKind.Sparse || !StoreNames.IsSiteName(read) || read == site.Name))
            {
                throw wrong($"says that site {site.Name} reads '{read}', and only the features of a transcoder read another site");
            }
        }
    }

    private static void CheckProvenance(StoreProvenance provenance, Func<string, InputException> wrong)
    {
        StoreSource?[] sources = [provenance.Model, provenance.Tokenizer, provenance.Text, .. provenance.Saes.Values];
        foreach (StoreSource source in sources.OfType<StoreSource>())
        {
            CheckHash(source.Sha256, source.Name, wrong);
        }
    }

    private static void CheckFiles(ActivationStoreManifest manifest, Func<string, InputException> wrong)
    {
        HashSet<string> files = new(StringComparer.OrdinalIgnoreCase) { StoreNames.Manifest };
        void CheckFile(string file, long bytes, string sha256)
        {
            if (!StoreNames.IsPlainFileName(file))
            {
                throw wrong($"names the file '{file}', which is not a plain name inside the folder");
            }

            if (!files.Add(file))
            {
                throw wrong($"names the file {file} twice");
            }

            if (bytes < 1)
            {
                throw wrong($"gives {file} a length of {bytes} bytes");
            }

            CheckHash(sha256, file, wrong);
        }

        if (manifest.Constants is { } constants)
        {
            CheckFile(constants.File, constants.Bytes, constants.Sha256);
        }

        long rows = 0;
        int lastText = -1;
        foreach (StoreShard? shard in manifest.Shards)
        {
            if (shard is null)
            {
                throw wrong("has a shard that is null");
            }

            CheckFile(shard.File, shard.Bytes, shard.Sha256);
            if (shard.FirstRow != rows || shard.Rows is < 1 or > MostRowsPerShard)
            {
                throw wrong($"gives {shard.File} the rows {shard.FirstRow} + {shard.Rows}, but {rows} rows come before it");
            }

            if (shard.FirstText <= lastText || shard.LastText < shard.FirstText)
            {
                throw wrong($"gives {shard.File} the texts {shard.FirstText} to {shard.LastText} after text {lastText}");
            }

            if (manifest.Pooling != Pooling.None && shard.LastText - (long)shard.FirstText + 1 < shard.Rows)
            {
                throw wrong($"gives {shard.File} more rows than texts, though positions are pooled");
            }

            rows += shard.Rows;
            lastText = shard.LastText;
        }

        if (manifest.Rows != rows)
        {
            throw wrong($"says that there are {manifest.Rows} rows, but its shards have {rows}");
        }

        if (manifest.Complete && rows == 0)
        {
            throw wrong("says that a store without rows is complete");
        }
    }

    private static void CheckUnique(IReadOnlyList<string> names, string what, Func<string, bool> isAllowed, Func<string, InputException> wrong)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string? name in names)
        {
            if (name is null || !isAllowed(name))
            {
                throw wrong($"has a {what} named '{name}', which is not allowed");
            }

            if (!seen.Add(name))
            {
                throw wrong($"names the {what} {name} twice");
            }
        }
    }

    private static void CheckHash(string hash, string what, Func<string, InputException> wrong)
    {
        if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigitLower))
        {
            throw wrong($"gives {what} a sha256 that is not 64 lower-case hexadecimal digits");
        }
    }
}
