using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The autoencoders that a circuit's features are of.</summary>
internal sealed class CircuitAutoencoders : IDisposable
{
    private readonly Dictionary<string, SparseAutoencoder> _bySite;

    private CircuitAutoencoders(IReadOnlyList<SiteAutoencoder> entries)
    {
        Entries = entries;
        _bySite = entries.ToDictionary(entry => entry.Site.ToString(), entry => entry.Autoencoder, StringComparer.Ordinal);
    }

    /// <summary>The autoencoders at their sites.</summary>
    internal IReadOnlyList<SiteAutoencoder> Entries { get; }

    /// <summary>The autoencoders, by the site that their features make up.</summary>
    internal IReadOnlyDictionary<string, SparseAutoencoder> BySite => _bySite;

    /// <summary>Reads them.</summary>
    /// <param name="saes">Files or folders, as <see cref="SiteAutoencoder.Load(IReadOnlyList{string})"/> reads them.</param>
    /// <param name="circuit">The circuit, whose features they must have.</param>
    internal static CircuitAutoencoders Load(IEnumerable<string> saes, Circuit circuit)
    {
        CircuitAutoencoders read = new(SiteAutoencoder.Load([.. saes]));
        try
        {
            read.Check(circuit);
            return read;
        }
        catch
        {
            read.Dispose();
            throw;
        }
    }

    /// <summary>What one unit of a feature, given by its node, adds to the residual stream; null where its autoencoder is not at hand or writes elsewhere.</summary>
    internal float[]? Direction(string node)
    {
        (string Site, int Index)? feature = Feature(node);
        return feature is { } name && _bySite.TryGetValue(name.Site, out SparseAutoencoder? autoencoder) && WritesResidual(Site.Parse(name.Site))
            ? autoencoder.DecoderDirection(name.Index).ToArray()
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SparseAutoencoder autoencoder in _bySite.Values)
        {
            autoencoder.Dispose();
        }
    }

    private static bool WritesResidual(Site site) => site.Kind is SiteKind.Embedding or SiteKind.ResidualBefore or SiteKind.ResidualMiddle or SiteKind.ResidualAfter or SiteKind.AttentionOutput or SiteKind.MlpOutput;

    private static (string Site, int Index)? Feature(string node) => FeatureNodeName.TryParse(node) is { Feature: { } index } name ? (name.Site, index) : null;

    private void Check(Circuit circuit)
    {
        foreach (CircuitNode node in circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature))
        {
            if (Feature(node.Name) is { } name && _bySite.TryGetValue(name.Site, out SparseAutoencoder? autoencoder) && name.Index >= autoencoder.FeatureCount)
            {
                throw new InputException("--sae", $"the autoencoder of {name.Site} has {autoencoder.FeatureCount} features, and the circuit one called {node.Name}", "name the autoencoders that the circuit was learnt with");
            }
        }
    }
}
