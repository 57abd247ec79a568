using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The autoencoders that a circuit's features are of.</summary>
internal sealed class CircuitAutoencoders : IDisposable
{
    private readonly Dictionary<string, SparseAutoencoder> _bySite = new(StringComparer.Ordinal);

    private CircuitAutoencoders()
    {
    }

    /// <summary>The autoencoders, by the site that they encode.</summary>
    internal IReadOnlyDictionary<string, SparseAutoencoder> BySite => _bySite;

    /// <summary>Reads them.</summary>
    /// <param name="saes">Files or folders, or <c>SITE=DIR</c>.</param>
    /// <param name="circuit">The circuit, whose features they must have.</param>
    internal static CircuitAutoencoders Load(IEnumerable<string> saes, Circuit circuit)
    {
        CircuitAutoencoders read = new();
        try
        {
            foreach (string sae in saes)
            {
                read.Add(sae);
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

    /// <summary>What one unit of a feature, given by its node, adds to the residual stream; null where its autoencoder is not at hand or writes elsewhere.</summary>
    internal float[]? Direction(string node)
    {
        (string Site, int Index)? feature = Feature(node);
        return feature is { } name && _bySite.TryGetValue(name.Site, out SparseAutoencoder? autoencoder) && WritesResidual(autoencoder.Provenance.OutputSite ?? Site.Parse(name.Site))
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

    private static (string Site, int Index)? Feature(string node)
    {
        string name = node.LastIndexOf('@') is > 0 and int at ? node[..at] : node;
        return name.LastIndexOf('/') is > 0 and int slash && int.TryParse(name.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? (name[..slash], index)
            : null;
    }

    private void Add(string sae)
    {
        (Site? given, string path) = AutoencoderPath.Parse(sae);
        SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(path, given is null ? null : new SparseAutoencoderLoadOptions { InputSite = given });
        Site? site = given ?? autoencoder.Provenance.InputSite;
        if (site is null || !_bySite.TryAdd(site.Value.ToString(), autoencoder))
        {
            autoencoder.Dispose();
            throw site is null
                ? new InputException(path, "does not say which site it belongs to", "write SITE=DIR, such as resid_post.5=" + path)
                : new InputException(path, $"is a second autoencoder of {site}", "give one for each site");
        }
    }

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
