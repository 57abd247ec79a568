using System.Text.Json.Nodes;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Refuses to go on with a store that other settings made.</summary>
internal static class StoreManifestComparison
{
    private static readonly (string Path, string Problem)[] _known =
    [
        ("provenance.model", "was made by another model"),
        ("provenance.tokenizer", "was made with another tokenizer"),
        ("provenance.text", "was made from another text file"),
        ("provenance.saes", "was made with other sparse autoencoders"),
    ];

    /// <exception cref="InputException">A setting differs; the message names the first.</exception>
    public static void RequireSame(ActivationStoreManifest stored, ActivationStoreManifest wanted, string folder)
    {
        if (Difference(Settings(stored), Settings(wanted), string.Empty) is not { } difference)
        {
            return;
        }

        (string path, string was, string now) = difference;
        string problem = _known.FirstOrDefault(known => path.StartsWith(known.Path, StringComparison.Ordinal)).Problem ?? "was made with other settings";
        throw new InputException(folder, $"{problem} ({path} was {was}, is now {now})", "choose another folder, or delete this one to collect anew");
    }

    // All that decides the bytes of a shard; what changes while a store is written, and names for people, do not.
    private static JsonObject Settings(ActivationStoreManifest manifest)
    {
        JsonObject tree = StoreManifestFile.Tree(manifest);
        foreach (string state in (string[])["complete", "rows", "constants", "shards"])
        {
            tree.Remove(state);
        }

        RemoveNames(tree["provenance"]!);
        return tree;
    }

    private static void RemoveNames(JsonNode provenance)
    {
        IEnumerable<JsonNode?> sources = [provenance["model"], provenance["tokenizer"], provenance["text"], .. provenance["saes"]!.AsObject().Select(sae => sae.Value)];
        foreach (JsonNode source in sources.OfType<JsonNode>().ToList())
        {
            source.AsObject().Remove("name");
        }
    }

    private static (string Path, string Was, string Now)? Difference(JsonNode? was, JsonNode? now, string path)
    {
        if (was is JsonObject wasObject && now is JsonObject nowObject)
        {
            IEnumerable<string> names = wasObject.Concat(nowObject).Select(member => member.Key).Distinct().Order(StringComparer.Ordinal);
            return names.Select(name => Difference(wasObject[name], nowObject[name], path.Length == 0 ? name : path + "." + name)).FirstOrDefault(found => found is not null);
        }

        if (was is JsonArray wasArray && now is JsonArray nowArray && wasArray.Count == nowArray.Count)
        {
            return Enumerable.Range(0, wasArray.Count).Select(i => Difference(wasArray[i], nowArray[i], $"{path}[{i}]")).FirstOrDefault(found => found is not null);
        }

        return JsonNode.DeepEquals(was, now) ? null : (path, Show(was), Show(now));
    }

    private static string Show(JsonNode? node)
    {
        string text = node?.ToJsonString() ?? "absent";
        return text.Length <= 80 ? text : text[..77] + "...";
    }
}
