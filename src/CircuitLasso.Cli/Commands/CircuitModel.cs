using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The model and the autoencoders that a circuit of features is about.</summary>
internal sealed class CircuitModel : IDisposable
{
    private readonly Tokenizer _tokenizer;
    private readonly Dictionary<string, SparseAutoencoder> _autoencoders;
    private readonly string _folder;

    private CircuitModel(string folder, TransformerModel model, Tokenizer tokenizer, Dictionary<string, SparseAutoencoder> autoencoders)
    {
        _folder = folder;
        Model = model;
        _tokenizer = tokenizer;
        _autoencoders = autoencoders;
    }

    /// <summary>The model.</summary>
    internal TransformerModel Model { get; }

    /// <summary>The autoencoders, by the site that they encode.</summary>
    internal IReadOnlyDictionary<string, SparseAutoencoder> Autoencoders => _autoencoders;

    /// <summary>Reads them.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="saes">Files or folders of autoencoders, or <c>SITE=DIR</c>.</param>
    /// <param name="circuit">The circuit, whose features the autoencoders must have.</param>
    internal static CircuitModel Load(string folder, IEnumerable<string> saes, Circuit circuit)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        CircuitModel read = new(folder, ModelCheckpoint.Load(folder), tokenizer, new Dictionary<string, SparseAutoencoder>(StringComparer.Ordinal));
        try
        {
            foreach (string sae in saes)
            {
                read.AddAutoencoder(sae);
            }

            read.Check(circuit);
            return read;
        }
        catch
        {
            read.Dispose();
            throw;
        }
    }

    /// <summary>A token's text; null for an id that no token has.</summary>
    internal string? TokenText(int id) => id >= 0 && id < _tokenizer.VocabularySize && _tokenizer.TokenText(id) is { } text && text != string.Create(CultureInfo.InvariantCulture, $"[{id}]") ? text : null;

    /// <summary>What one unit of a feature adds to the residual stream; null where its autoencoder is not at hand or writes elsewhere.</summary>
    internal float[]? Direction(CircuitNode node)
    {
        (string Site, int Index)? feature = Feature(node);
        return feature is { } name && _autoencoders.TryGetValue(name.Site, out SparseAutoencoder? autoencoder) && WritesResidual(autoencoder.Provenance.OutputSite ?? Site.Parse(name.Site))
            ? autoencoder.DecoderDirection(name.Index).ToArray()
            : null;
    }

    /// <summary>Computes the features of every token of a text, cut as the store's texts were; null without autoencoders.</summary>
    internal TokenFeatures? TokenFeatures(ActivationStoreReader store) => _autoencoders.Count == 0 ? null : new TokenFeatures(
        Model,
        _tokenizer,
        _autoencoders,
        int.TryParse(store.Manifest.Provenance.Settings.GetValueOrDefault("maximum_tokens"), NumberStyles.None, CultureInfo.InvariantCulture, out int most) && most > 0 ? most : int.MaxValue);

    /// <summary>Refuses a store that another tokenizer made: its tokens would be shown wrongly.</summary>
    internal void RequireMaker(ActivationStoreReader store)
    {
        if (store.Manifest.Provenance.Tokenizer is { } maker && maker.Sha256 != _tokenizer.Sha256)
        {
            throw new InputException(store.Folder, $"was made with another tokenizer than that of {_folder}", "name the model that made it with --model");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        foreach (SparseAutoencoder autoencoder in _autoencoders.Values)
        {
            autoencoder.Dispose();
        }
    }

    private static bool WritesResidual(Site site) => site.Kind is SiteKind.Embedding or SiteKind.ResidualBefore or SiteKind.ResidualMiddle or SiteKind.ResidualAfter or SiteKind.AttentionOutput or SiteKind.MlpOutput;

    private static (string Site, int Index)? Feature(CircuitNode node)
    {
        string name = node.Name.LastIndexOf('@') is > 0 and int at ? node.Name[..at] : node.Name;
        return node.Kind == CircuitNodeKind.Feature && name.LastIndexOf('/') is > 0 and int slash && int.TryParse(name.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? (name[..slash], index)
            : null;
    }

    private void AddAutoencoder(string sae)
    {
        int equals = sae.IndexOf('=', StringComparison.Ordinal);
        Site? given = equals > 0 && !Path.Exists(sae) ? Site.Parse(sae[..equals]) : null;
        string path = given is null ? sae : sae[(equals + 1)..];
        SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(path, given is null ? null : new SparseAutoencoderLoadOptions { InputSite = given });
        Site? site = given ?? autoencoder.Provenance.InputSite;
        if (site is null || !_autoencoders.TryAdd(site.Value.ToString(), autoencoder))
        {
            autoencoder.Dispose();
            throw site is null
                ? new InputException(path, "does not say which site it belongs to", "write SITE=DIR, such as resid_post.5=" + path)
                : new InputException(path, $"is a second autoencoder of {site}", "give one for each site");
        }
    }

    private void Check(Circuit circuit)
    {
        foreach (CircuitNode node in circuit.Nodes)
        {
            if (Feature(node) is { } name && _autoencoders.TryGetValue(name.Site, out SparseAutoencoder? autoencoder) && name.Index >= autoencoder.FeatureCount)
            {
                throw new InputException("--sae", $"the autoencoder of {name.Site} has {autoencoder.FeatureCount} features, and the circuit one called {node.Name}", "name the autoencoders that the circuit was learnt with");
            }
        }
    }
}
