using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A sparse site of a store with what its autoencoder leaves out. Immutable.</summary>
/// <param name="Name">The site.</param>
/// <param name="Features">Number of its features.</param>
/// <param name="Place">Its place among the sparse sites in the order of computation, from 0; sites of one place read nothing of each other.</param>
/// <param name="ReadPlace">The site reads features of smaller places than this: its own place, or for a transcoder, which encodes another site, a smaller one.</param>
/// <param name="Layer">The model's layer; null where the site belongs to none.</param>
/// <param name="Error">The dense site <c>NAME.error</c>, or null where the store has none.</param>
/// <param name="Position">The one position of the texts that it stands for; null for rows as they are stored.</param>
internal sealed record FeatureSite(string Name, int Features, int Place, int ReadPlace, int? Layer, StoreSite? Error, int? Position = null)
{
    private const string ErrorSuffix = ".error";

    /// <summary>Whether a store holds features.</summary>
    public static bool Any(ActivationStoreReader store) => store.Manifest.Sites.Any(site => site.Kind == StoreSiteKind.Sparse);

    /// <summary>The sparse sites of a store in the order of computation.</summary>
    /// <exception cref="InputException">There is none, one is not a site of a model, or what goes by the name of an error is sparse.</exception>
    public static FeatureSite[] Of(ActivationStoreReader store)
    {
        StoreSite[] sparse = [.. store.Manifest.Sites.Where(site => site.Kind == StoreSiteKind.Sparse)];
        if (sparse.Length == 0)
        {
            throw new InputException(store.Folder, "holds no sparse features", "collect with autoencoders (--sae)");
        }

        if (Array.Find(sparse, site => site.Name.EndsWith(ErrorSuffix, StringComparison.Ordinal)) is { } odd)
        {
            throw new InputException(store.Folder, $"site {odd.Name} is sparse, and an autoencoder's error is not", "store it as a dense site");
        }

        (StoreSite Site, long Place)[] placed = [.. sparse.Select(site => (site, SitePlaces.Of(store, site.Name))).OrderBy(pair => pair.Item2).ThenBy(pair => pair.site.Name, NodeNameOrder.Instance)];
        long[] places = [.. placed.Select(pair => pair.Place).Distinct()];
        return [.. placed.Select(pair =>
        {
            int place = Array.IndexOf(places, pair.Place);
            return new FeatureSite(pair.Site.Name, pair.Site.Width, place, ReadPlaceOf(store, pair.Site, places, place), LayerOf(pair.Site.Name), store.Manifest.FindSite(pair.Site.Name + ErrorSuffix));
        })];
    }

    /// <summary>Every site at each position by itself, in the order of computation: of sites of one place the earlier positions first.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="positions">Number of positions.</param>
    public static FeatureSite[] AtPositions(FeatureSite[] sites, int positions) =>
        [.. sites.GroupBy(site => site.Place).SelectMany(place => Enumerable.Range(0, positions).SelectMany(position => place.Select(site => site with { Position = position })))];

    /// <summary>The node of a feature of the site, or of its error.</summary>
    /// <param name="feature">The feature; null for the error.</param>
    public FeatureNodeName NodeName(int? feature) => new(Name, feature, Position);

    // What is computed at the very place that a transcoder reads is part of what it reads.
    private static int ReadPlaceOf(ActivationStoreReader store, StoreSite site, long[] places, int place) =>
        site.Reads is { } read && SitePlaces.Of(store, read) is var reads ? Math.Min(place, places.Count(other => other <= reads)) : place;

    private static int? LayerOf(string name) => name != ActivationCollector.FinalResidualSite && Site.Parse(name) is { Layer: >= 0 } site ? site.Layer : null;
}
