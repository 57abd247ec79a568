using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The order in which a forward pass computes the sites of a store.</summary>
internal static class SitePlaces
{
    private const int PlacesPerLayer = 13;

    /// <summary>A site's place: sites of one place read nothing of each other. What attention and the MLP of a layer hold is one place where the model computes them side by side.</summary>
    /// <param name="store">The store, for messages and for how the model computes its sublayers.</param>
    /// <param name="name">The site.</param>
    /// <exception cref="InputException">It is not a site of a model, so that its place is not known.</exception>
    public static long Of(ActivationStoreReader store, string name)
    {
        if (name == ActivationCollector.FinalResidualSite)
        {
            return long.MaxValue - 1;
        }

        Site site;
        try
        {
            site = Site.Parse(name);
        }
        catch (InputException exception)
        {
            throw new InputException(store.Folder, $"site {name} is not one of a model, so that nothing says what is computed before it", "name it as docs/store.md does, such as resid_post.3", exception);
        }

        bool parallel = store.Manifest.Provenance.Settings.GetValueOrDefault("sublayers") == "parallel";
        return site.Kind switch
        {
            SiteKind.Embedding => 0,
            SiteKind.Logits => long.MaxValue,
            _ => 1 + ((long)PlacesPerLayer * site.Layer) + Within(site.Kind, parallel),
        };
    }

    /// <summary>The order of the sites of a layer whose sublayers follow each other.</summary>
    public static int WithinLayer(SiteKind kind) => Within(kind, parallel: false);

    // The residual stream before a layer is that after the layer before it, and comes after it in this order all the same: a copy explains nothing of its original.
    private static int Within(SiteKind kind, bool parallel) => kind switch
    {
        SiteKind.ResidualBefore => 0,
        SiteKind.ResidualAfter => PlacesPerLayer - 1,
        _ when parallel => 1,
        SiteKind.AttentionInput => 1,
        SiteKind.Query or SiteKind.Key or SiteKind.Value => 2,
        SiteKind.AttentionPattern => 3,
        SiteKind.AttentionMix or SiteKind.AttentionMixNormalized => 4,
        SiteKind.AttentionHead or SiteKind.AttentionOutput => 5,
        SiteKind.ResidualMiddle => 6,
        SiteKind.MlpInput => 7,
        SiteKind.MlpNormalized => 8,
        SiteKind.MlpPreActivation => 9,
        SiteKind.MlpHidden => 10,
        _ => 11,
    };
}
