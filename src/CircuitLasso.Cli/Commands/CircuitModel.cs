using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The model and the autoencoders that a circuit of features is about.</summary>
internal sealed class CircuitModel : IDisposable
{
    private readonly Tokenizer _tokenizer;
    private readonly CircuitAutoencoders _autoencoders;
    private readonly string _folder;

    private CircuitModel(string folder, Tokenizer tokenizer, CircuitAutoencoders autoencoders, TransformerModel model)
    {
        _folder = folder;
        _tokenizer = tokenizer;
        _autoencoders = autoencoders;
        Model = model;
    }

    /// <summary>The model.</summary>
    internal TransformerModel Model { get; }

    /// <summary>The autoencoders, by the site that their features make up.</summary>
    internal IReadOnlyDictionary<string, SparseAutoencoder> Autoencoders => _autoencoders.BySite;

    /// <summary>Reads them.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="saes">Files or folders of autoencoders, or <c>SITE=DIR</c>.</param>
    /// <param name="circuit">The circuit, whose features the autoencoders must have.</param>
    internal static CircuitModel Load(string folder, IEnumerable<string> saes, Circuit circuit)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        CircuitAutoencoders autoencoders = CircuitAutoencoders.Load(saes, circuit);
        try
        {
            return new CircuitModel(folder, tokenizer, autoencoders, ModelCheckpoint.Load(folder));
        }
        catch
        {
            autoencoders.Dispose();
            throw;
        }
    }

    /// <summary>A token's text; null for an id that no token has.</summary>
    internal string? TokenText(int id) => id >= 0 && id < _tokenizer.VocabularySize && _tokenizer.TokenText(id) != string.Create(CultureInfo.InvariantCulture, $"[{id}]") ? FeatureText.TokenText(_tokenizer, id) : null;

    /// <inheritdoc cref="CircuitAutoencoders.Direction"/>
    internal float[]? Direction(CircuitNode node) => _autoencoders.Direction(node.Name);

    /// <summary>Computes the features of every token of a text, cut as the store's texts were; null without autoencoders.</summary>
    internal TokenFeatures? TokenFeatures(ActivationStoreReader store) => Autoencoders.Count == 0 ? null : new TokenFeatures(
        Model,
        _tokenizer,
        _autoencoders.Entries,
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
        _autoencoders.Dispose();
    }
}
