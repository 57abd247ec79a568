using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The files of one sparse autoencoder: those that its format is read from.</summary>
internal sealed class HubAutoencoderSelection : HubSelection
{
    private const int MostNamed = 3;

    // The weights by the name that their format gives them, and the configuration without which they cannot be read.
    private static readonly (string Weights, string? Configuration)[] _known =
        [("sae_weights.safetensors", "cfg.json"), ("sae.safetensors", "cfg.json"), ("ae.pt", "config.json"), ("params.npz", null)];

    private static readonly string[] _beside = ["cfg.json", "config.json", "sparsity.safetensors"];
    private static readonly string[] _extensions = [".safetensors", ".pt", ".npz"];

    internal override Task<IReadOnlyList<HubFile>> SelectAsync(HubName name, HubListing listing, Func<HubFile, Task<string>> read)
    {
        bool isFile = listing.Files.ContainsKey(name.Path);
        string folder = isFile ? name.Path[..(name.Path.LastIndexOf('/') + 1)] : name.Path.Length == 0 ? string.Empty : name.Path + "/";
        Dictionary<string, HubFile> inside = listing.Files.Values
            .Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal) && file.Path.LastIndexOf('/') == folder.Length - 1)
            .ToDictionary(file => file.Path[folder.Length..], StringComparer.Ordinal);
        HubFile weights = isFile ? listing.Files[name.Path] : Weights(name, listing, folder, inside);
        HubFile[] beside = [.. _beside.Where(file => inside.ContainsKey(file)).Select(file => inside[file]).Where(file => file != weights)];
        return Task.FromResult<IReadOnlyList<HubFile>>([weights, .. beside]);
    }

    internal override string? FindIn(string snapshot, HubName name)
    {
        string path = name.Path.Length == 0 ? snapshot : HubCache.PathIn(snapshot, name.Path);
        string folder = HubCache.HasFile(path) ? Path.GetDirectoryName(path)! : path;
        if (!Directory.Exists(folder))
        {
            return null;
        }

        bool Has(string file) => HubCache.HasFile(Path.Combine(folder, file));
        bool isComplete = folder == path
            ? Array.Exists(_known, known => Has(known.Weights) && (known.Configuration is null || Has(known.Configuration)))
            : _known.All(known => known.Configuration is null || known.Weights != Path.GetFileName(path) || Has(known.Configuration));
        return isComplete ? path : null;
    }

    private static HubFile Weights(HubName name, HubListing listing, string folder, Dictionary<string, HubFile> inside)
    {
        if (Array.Find(_known, known => inside.ContainsKey(known.Weights)).Weights is { } known)
        {
            return inside[known];
        }

        HubFile[] candidates = [.. inside.Values.Where(file => Array.Exists(_extensions, extension => file.Path.EndsWith(extension, StringComparison.Ordinal)))];
        if (candidates.Length == 1)
        {
            return candidates[0];
        }

        string[] elsewhere = [.. listing.Files.Keys
            .Where(path => path.StartsWith(folder, StringComparison.Ordinal) && Array.Exists(_known, known => path.EndsWith("/" + known.Weights, StringComparison.Ordinal)))
            .Select(path => path[..path.LastIndexOf('/')])
            .Order(StringComparer.Ordinal)];
        throw new InputException(
            name.ToString(),
            candidates.Length == 0 ? "holds no weights of a sparse autoencoder" : "holds several files that could be the weights",
            elsewhere.Length > 0 ? $"name one of the {elsewhere.Length} folders that do, such as {string.Join(", ", elsewhere.Take(MostNamed).Select(path => $"{name.Repository}/{path}"))}"
                : candidates.Length > 0 ? $"name one file, such as {name.Repository}/{candidates[0].Path}"
                : "look at the repository for the autoencoder's folder");
    }
}
