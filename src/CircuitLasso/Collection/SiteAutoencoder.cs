using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>An autoencoder at the site whose activations it encodes. The autoencoder stays the caller's to dispose of.</summary>
public sealed class SiteAutoencoder
{
    /// <summary>Puts an autoencoder at its place.</summary>
    /// <param name="autoencoder">The autoencoder; no transcoder.</param>
    /// <param name="site">The site; null takes the one that its files name.</param>
    /// <exception cref="InputException">Its files name no site and none is given, or it is a transcoder.</exception>
    public SiteAutoencoder(SparseAutoencoder autoencoder, Site? site = null)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        string name = autoencoder.Provenance.Path is { Length: > 0 } path ? path : "autoencoder";
        Autoencoder = autoencoder;
        Site = site ?? autoencoder.Provenance.InputSite
            ?? throw new InputException(name, "does not say which site it encodes", "write SITE=PATH, such as resid_post.3=PATH");
        if (autoencoder.Architecture.IsTranscoder)
        {
            throw new InputException(name, "is a transcoder, which reads one site and writes another", "give autoencoders, which reconstruct the site that they read");
        }
    }

    /// <summary>The autoencoder.</summary>
    public SparseAutoencoder Autoencoder { get; }

    /// <summary>The site that it encodes.</summary>
    public Site Site { get; }

    /// <summary>The name under which a store keeps what the reconstruction leaves of a site.</summary>
    /// <param name="site">The site's name.</param>
    public static string ErrorName(string site) => site + ".error";

    /// <summary>Reads autoencoders as a command line names them: PATH, or SITE=PATH.</summary>
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
                (Site? site, string path) = AutoencoderPath.Parse(name);
                SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(path);
                try
                {
                    loaded.Add(new SiteAutoencoder(autoencoder, site));
                }
                catch (InputException)
                {
                    autoencoder.Dispose();
                    throw;
                }

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
}
