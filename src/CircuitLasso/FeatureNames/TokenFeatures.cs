using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The features of every token of a text, by running the model over it again. Thread-safe as long as nobody changes the model.</summary>
public sealed class TokenFeatures
{
    private readonly Tokenizer _tokenizer;
    private readonly SortedDictionary<string, SiteAutoencoder> _autoencoders = new(NodeNameOrder.Instance);
    private readonly Site[] _sites;
    private readonly ActivationRunner _runner;
    private readonly int _maximumTokens;

    /// <summary>Prepares the passes.</summary>
    /// <param name="model">The model; it must live as long as this.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="autoencoders">The autoencoders, one for a site; they must live as long as this.</param>
    /// <param name="maximumTokens">Longer texts are cut, as the store's were.</param>
    /// <exception cref="InputException">An autoencoder's site is not one of the model, or of another width.</exception>
    public TokenFeatures(TransformerModel model, Tokenizer tokenizer, IEnumerable<SiteAutoencoder> autoencoders, int maximumTokens = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(autoencoders);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumTokens, 1);
        _tokenizer = tokenizer;
        foreach (SiteAutoencoder entry in autoencoders)
        {
            _autoencoders.Add(entry.Site.ToString(), entry);
        }

        _maximumTokens = Math.Min(maximumTokens, model.Description.MaximumPositions);
        foreach ((string site, SiteAutoencoder entry) in _autoencoders)
        {
            int width = ActivationRunner.Width(model.Description, entry.InputSite);
            if (entry.Autoencoder.InputWidth != width || (Site.HasLayer(entry.InputSite.Kind) && entry.InputSite.Layer >= model.Description.Layers))
            {
                throw new InputException(
                    "--sae", $"the autoencoder of {site} reads {entry.Autoencoder.InputWidth} numbers, and the model has {width} there in {model.Description.Layers} layers", "name the autoencoders of this model");
            }
        }

        _sites = [.. _autoencoders.Values.Select(entry => entry.InputSite).Distinct()];
        _runner = new ActivationRunner(model, _sites, [], Pooling.None);
    }

    /// <summary>Whether the features of a site can be had.</summary>
    internal bool Has(string site) => _autoencoders.ContainsKey(site);

    /// <summary>The tokens of a text with each feature's activation on them; features of other sites are left out.</summary>
    internal Dictionary<FeatureName, ExampleToken[]> Of(string text, IEnumerable<FeatureName> features)
    {
        int[] ids = _tokenizer.Encode(text);
        ids = ids.Length > _maximumTokens ? ids[.._maximumTokens] : ids;
        Dictionary<FeatureName, ExampleToken[]> tokens = [];
        if (ids.Length == 0)
        {
            return tokens;
        }

        CollectedRows rows = _runner.Run([ids]);
        foreach (IGrouping<string, FeatureName> site in features.Where(feature => Has(feature.Site)).GroupBy(feature => feature.Site))
        {
            SparseAutoencoder autoencoder = _autoencoders[site.Key].Autoencoder;
            using SparseFeatureRows encoded = new(autoencoder.FeatureCount);
            autoencoder.Encode(rows.Sites[Array.IndexOf(_sites, _autoencoders[site.Key].InputSite)], encoded);
            foreach (FeatureName feature in site)
            {
                tokens[feature] = [.. ids.Select((id, position) => new ExampleToken(FeatureText.TokenText(_tokenizer, id), Value(encoded, position, feature.Index)))];
            }
        }

        return tokens;
    }

    private static float Value(SparseFeatureRows rows, int row, int feature)
    {
        int place = rows.Indices(row).BinarySearch(feature);
        return place >= 0 ? Math.Max(0, rows.Values(row)[place]) : 0;
    }
}
