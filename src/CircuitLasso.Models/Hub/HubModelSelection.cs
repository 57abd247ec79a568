using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The files of a language model that are read here, and those of its tokenizer that Python wants too.</summary>
internal sealed class HubModelSelection : HubSelection
{
    private const string Configuration = "config.json";
    private const string Tokens = "tokenizer.json";
    private const string Weights = "model.safetensors";
    private const string Index = "model.safetensors.index.json";

    private static readonly string[] _tokenizerFiles =
        [Tokens, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", "generation_config.json"];

    internal override IReadOnlyList<string> Optional => [Tokens];

    internal override async Task<IReadOnlyList<HubFile>> SelectAsync(HubName name, HubListing listing, Func<HubFile, Task<string>> read)
    {
        if (!listing.Files.TryGetValue(Configuration, out HubFile? configuration))
        {
            throw new InputException(name.ToString(), $"holds no {Configuration}, so that it is no language model", "name a model's repository, or say with --include which files to fetch");
        }

        List<HubFile> files = [configuration, .. _tokenizerFiles.Where(listing.Files.ContainsKey).Select(path => listing.Files[path])];
        if (listing.Files.TryGetValue(Weights, out HubFile? weights))
        {
            return [.. files, weights];
        }

        if (!listing.Files.TryGetValue(Index, out HubFile? index))
        {
            string others = listing.Files.Keys.Any(path => path.EndsWith(".bin", StringComparison.Ordinal)) ? ", only in another format (.bin)" : string.Empty;
            throw new InputException(
                name.ToString(), $"holds no weights as safetensors{others}, which are all that is read here", "name a revision that has them (the hub converts models on request), or another repository of the model");
        }

        foreach (string shard in SafeTensorsCheckpoint.ShardsOf(await read(index).ConfigureAwait(false)))
        {
            files.Add(listing.Files.TryGetValue(shard, out HubFile? file)
                ? file
                : throw new InputException($"{name.Repository}/{Index}", $"names the shard '{shard}', which the repository does not hold", "choose another revision"));
        }

        return [.. files, index];
    }

    internal override string? FindIn(string snapshot, HubName name)
    {
        bool Has(string file) => HubCache.HasFile(Path.Combine(snapshot, file));
        return Has(Configuration) && (Has(Tokens) || HubCache.IsKnownMissing(snapshot, Tokens)) && (Has(Weights) || (Has(Index) && HasShards())) ? snapshot : null;

        bool HasShards()
        {
            try
            {
                return SafeTensorsCheckpoint.ShardsOf(Path.Combine(snapshot, Index)).All(Has);
            }
            catch (InputException)
            {
                // Fetching says what is wrong with it, or brings another.
                return false;
            }
        }
    }
}
