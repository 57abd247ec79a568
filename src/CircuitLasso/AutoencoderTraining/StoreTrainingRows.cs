using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The rows of a dense site of an activation store, which must stay open.</summary>
internal sealed class StoreTrainingRows : ITrainingRows
{
    private readonly ActivationStoreReader _store;
    private readonly string _site;

    /// <summary>Names the site.</summary>
    /// <exception cref="InputException">The store has no such site, or it is sparse.</exception>
    public StoreTrainingRows(ActivationStoreReader store, string site)
    {
        StoreSite stored = store.Site(site);
        if (stored.Kind != StoreSiteKind.Dense)
        {
            throw new InputException(store.Folder, $"site {site} holds features already", "give a site of activations");
        }

        _store = store;
        _site = site;
        Width = stored.Width;
        StringBuilder identity = new();
        foreach (StoreShard shard in store.Manifest.Shards)
        {
            identity.Append(CultureInfo.InvariantCulture, $"{shard.Sha256}\n");
        }

        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{identity}{site}")));
    }

    public string Subject => _store.Folder;

    public string Fingerprint { get; }

    public int Width { get; }

    public long Count => _store.RowCount;

    public void Read(long row, Span<float> destination) => _store.ReadRows(_site, row, 1, destination);
}
