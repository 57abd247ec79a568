using System.Globalization;
using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>A model with its autoencoders in memory.</summary>
internal sealed class ExperimentModel : IDisposable
{
    private readonly Dictionary<string, SparseAutoencoder> _bySite;

    /// <summary>Reads them.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="autoencoders">PATH or SITE=PATH.</param>
    public ExperimentModel(string folder, IReadOnlyList<string> autoencoders)
    {
        Folder = folder;
        Tokenizer = Tokenizer.Load(folder);
        Model = ModelCheckpoint.Load(folder);
        try
        {
            Autoencoders = SiteAutoencoder.Load(autoencoders);
        }
        catch
        {
            Model.Dispose();
            throw;
        }

        _bySite = Autoencoders.ToDictionary(entry => entry.Site.ToString(), entry => entry.Autoencoder);
    }

    /// <summary>The model's folder.</summary>
    public string Folder { get; }

    /// <summary>Its tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The model.</summary>
    public TransformerModel Model { get; }

    /// <summary>The autoencoders.</summary>
    public IReadOnlyList<SiteAutoencoder> Autoencoders { get; }

    /// <summary>What one unit of a feature adds to the residual stream; null where its autoencoder writes elsewhere.</summary>
    public float[]? Direction(FeatureNodeName name) => name.Feature is { } feature && _bySite.TryGetValue(name.Site, out SparseAutoencoder? autoencoder) && WritesResidual(Site.Parse(name.Site))
        ? autoencoder.DecoderDirection(feature).ToArray()
        : null;

    /// <summary>Says what the features of a circuit are.</summary>
    public Circuit Name(Circuit circuit, ActivationStoreReader store, string text, IProgress<Numerics.WorkProgress>? progress, CancellationToken cancellation)
    {
        Dictionary<string, NeuronpediaSource> sources = [];
        foreach ((string site, SparseAutoencoder autoencoder) in _bySite)
        {
            if (autoencoder.Provenance.NeuronpediaId?.Split('/') is [var model, var id] && NeuronpediaSource.IsId(model) && NeuronpediaSource.IsId(id))
            {
                sources[site] = new NeuronpediaSource(model, id);
            }
        }

        circuit = FeatureNaming.AddSources(circuit, sources);
        if (Model.Description.PredictsTokens)
        {
            circuit = FeatureNaming.AddTokenEffects(
                circuit, new UnembeddingEffects(Model), node => FeatureNodeName.TryParse(node.Name) is { } name ? Direction(name) : null, TokenText, cancellation: cancellation);
        }

        PooledTexts texts = PooledTexts.Open(store, text, new TokenFeatures(Model, Tokenizer, Autoencoders));
        return FeatureNaming.AddExamples(circuit, store, id => TokenText(id) ?? string.Create(CultureInfo.InvariantCulture, $"[{id}]"), texts, progress: progress, cancellation: cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        foreach (SiteAutoencoder entry in Autoencoders)
        {
            entry.Autoencoder.Dispose();
        }
    }

    private static bool WritesResidual(Site site) => site.Kind is SiteKind.Embedding or SiteKind.ResidualBefore or SiteKind.ResidualMiddle or SiteKind.ResidualAfter or SiteKind.AttentionOutput or SiteKind.MlpOutput;

    private string? TokenText(int id) => id >= 0 && id < Tokenizer.VocabularySize && Tokenizer.TokenText(id) != string.Create(CultureInfo.InvariantCulture, $"[{id}]") ? FeatureText.TokenText(Tokenizer, id) : null;
}
