using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// An autoencoder, or a per-layer transcoder, at the site whose activations its features make up. Features and the error bear that site's name. A transcoder encodes
/// another site of the same layer, such as what the MLP reads, and its features make up what the sublayer writes. The autoencoder stays the caller's to dispose of.
/// </summary>
public sealed class SiteAutoencoder
{
    /// <summary>Puts an autoencoder at its place.</summary>
    /// <param name="autoencoder">The autoencoder or transcoder.</param>
    /// <param name="site">The site that it encodes; null takes the one that its files name.</param>
    /// <param name="output">The site that a transcoder writes; null takes the one that its files name.</param>
    /// <exception cref="InputException">Its files name no site and none is given, an autoencoder is to write another site, or a transcoder does not read and write within one layer.</exception>
    public SiteAutoencoder(SparseAutoencoder autoencoder, Site? site = null, Site? output = null)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        Autoencoder = autoencoder;
        InputSite = site ?? autoencoder.Provenance.InputSite
            ?? throw new InputException(Name, $"does not say which site it encodes{Hook(autoencoder)}", "write SITE=PATH, such as resid_post.3=PATH");
        Site = !autoencoder.Architecture.IsTranscoder ? output ?? InputSite
            : output ?? autoencoder.Provenance.OutputSite ?? throw new InputException(Name, "does not say which site it writes", "write INPUT:OUTPUT=PATH, such as mlp_normalized.3:mlp_out.3=PATH");
        if (autoencoder.Architecture.IsTranscoder)
        {
            RequireWithinLayer();
        }
        else if (Site != InputSite)
        {
            throw new InputException(Name, $"reconstructs what it reads, {InputSite}, and is to write {Site}", "give a transcoder, or one site");
        }
    }

    /// <summary>The autoencoder.</summary>
    public SparseAutoencoder Autoencoder { get; }

    /// <summary>The site whose activations its features and its error make up: what is replaced in interventions, and what nodes are named after.</summary>
    public Site Site { get; }

    /// <summary>The site that is encoded: <see cref="Site"/> itself unless it is a transcoder.</summary>
    public Site InputSite { get; }

    /// <summary>Whether it encodes another site than its features make up.</summary>
    public bool IsTranscoder => Site != InputSite;

    private string Name => Autoencoder.Provenance.Path is { Length: > 0 } path ? path : "autoencoder";

    /// <summary>The name under which a store keeps what the reconstruction leaves of a site.</summary>
    /// <param name="site">The site's name.</param>
    public static string ErrorName(string site) => site + ".error";

    /// <summary>Reads autoencoders as a command line names them: PATH, SITE=PATH with the site that is encoded, or INPUT:OUTPUT=PATH for a transcoder.</summary>
    /// <param name="names">The names.</param>
    /// <returns>Autoencoders in the order of the names; the caller disposes of them.</returns>
    /// <exception cref="InputException">A file cannot be read, or names no site, or a site has two.</exception>
    public static IReadOnlyList<SiteAutoencoder> Load(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        List<SiteAutoencoder> loaded = [];
        try
        {
            foreach (string name in names)
            {
                loaded.Add(Load(name));
                if (loaded.FindIndex(other => other.Site == loaded[^1].Site) != loaded.Count - 1)
                {
                    throw new InputException(name, $"site {loaded[^1].Site} has another autoencoder already", "give one for each site");
                }
            }

            return loaded;
        }
        catch (InputException)
        {
            loaded.ForEach(entry => entry.Autoencoder.Dispose());
            throw;
        }
    }

    /// <summary>Refuses a model that computes what is encoded only after what is written.</summary>
    /// <param name="description">The model.</param>
    /// <exception cref="InputException">It does.</exception>
    internal void RequireReads(ModelDescription description)
    {
        if (IsTranscoder && description.ParallelSublayers && InputSite.Kind == SiteKind.ResidualMiddle)
        {
            throw new InputException(Name, $"reads {InputSite}, and in this model attention and the MLP stand side by side, so that the MLP does not", "name what the MLP reads, such as mlp_in.3:mlp_out.3=PATH");
        }
    }

    private static SiteAutoencoder Load(string name)
    {
        (Site? input, Site? output, string path) = AutoencoderPath.Parse(name);
        SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(path);
        try
        {
            return new SiteAutoencoder(autoencoder, input, output);
        }
        catch (InputException)
        {
            autoencoder.Dispose();
            throw;
        }
    }

    private static string Hook(SparseAutoencoder autoencoder) => autoencoder.Provenance.HookName is { } hook ? $" (its hook is '{hook}')" : string.Empty;

    private void RequireWithinLayer()
    {
        if (InputSite.Layer != Site.Layer || !Site.HasLayer(Site.Kind) || SitePlaces.WithinLayer(InputSite.Kind) >= SitePlaces.WithinLayer(Site.Kind))
        {
            throw new InputException(Name, $"reads {InputSite} and writes {Site}", "give a transcoder that writes what a sublayer of the same layer computes from what it reads, such as mlp_normalized.3:mlp_out.3");
        }

        if (Site.Kind is SiteKind.ResidualMiddle or SiteKind.ResidualAfter)
        {
            throw new InputException(Name, $"writes {Site}, a whole state of the residual stream", "give a transcoder that writes what a sublayer adds, such as mlp_out.3");
        }
    }
}
