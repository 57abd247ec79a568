using System.Collections.ObjectModel;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The sites of a model at which activations are taken apart into features and an error, in the order of computation. With g = s f, where f are the features and s is the
/// factor by which the autoencoder scales its reconstruction back (1 for most), x = decoder bias + sum of g_a times the direction of a + error. So x is linear in g and the error,
/// and nothing else is in it that depends on the text, but for the skip term of a transcoder that has one: its matrix times what the transcoder reads. Immutable.
/// </summary>
public sealed class AutoencoderSites : ReadOnlyCollection<SiteAutoencoder>
{
    private readonly Dictionary<string, int> _indexOfName;
    private readonly (int Read, int Written)[] _order;

    /// <summary>Checks and orders the sites.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sites">The sites, at least one, in any order.</param>
    /// <exception cref="InputException">
    /// There is no site, one appears twice or is none of the model's that can be replaced, or an autoencoder is of another width.
    /// </exception>
    public AutoencoderSites(TransformerModel model, IEnumerable<SiteAutoencoder> sites)
        : base(Ordered(model, sites))
    {
        Model = model;
        List<Site> order = [.. model.Sites];
        _order = [.. this.Select(place => (order.IndexOf(place.InputSite), order.IndexOf(place.Site)))];
        _indexOfName = Enumerable.Range(0, Count).ToDictionary(index => this[index].Site.ToString(), StringComparer.Ordinal);
    }

    /// <summary>The model.</summary>
    public TransformerModel Model { get; }

    /// <summary>The place of a site in this list, or -1.</summary>
    /// <param name="site">A site's name, such as <c>resid_post.5</c>.</param>
    public int IndexOf(string site)
    {
        ArgumentNullException.ThrowIfNull(site);
        return _indexOfName.GetValueOrDefault(site, -1);
    }

    /// <summary>The name of a node, such as <c>resid_post.5/3036</c>, <c>resid_post.5/error</c> or, at one position, <c>resid_post.5/3036@7</c>.</summary>
    /// <param name="node">A node.</param>
    public string NameOf(FeatureNode node) =>
        new FeatureNodeName(this[node.Site].Site.ToString(), node.IsError ? null : node.Feature, node.Position == FeatureNode.Everywhere ? null : node.Position).ToString();

    /// <summary>Reads the name of a node.</summary>
    /// <param name="name">A name, as <see cref="NameOf"/> writes it.</param>
    /// <returns>The node, or null where the name is that of no feature or error of these sites.</returns>
    public FeatureNode? Find(string name)
    {
        return FeatureNodeName.TryParse(name) is { } read && IndexOf(read.Site) is >= 0 and int site && (read.Feature is null || read.Feature < this[site].Autoencoder.FeatureCount)
            ? new FeatureNode(site, read.Feature ?? FeatureNode.Error, read.Position ?? FeatureNode.Everywhere)
            : null;
    }

    /// <summary>Whether all that is computed before the site reaches what comes after it only through it, as with the residual stream.</summary>
    internal bool IsBottleneck(int site) => this[site].Site.Kind is SiteKind.Embedding or SiteKind.ResidualBefore or SiteKind.ResidualAfter
        || (this[site].Site.Kind == SiteKind.ResidualMiddle && !Model.Description.ParallelSublayers);

    /// <summary>Whether the activations of a site are there when a later place is encoded, which for a transcoder is where it reads; always for the place after all sites.</summary>
    internal bool IsBefore(int site, int place) => place == Count || _order[site].Written <= _order[place].Read;

    /// <summary>Whether the site is a state of the residual stream rather than something that is added to it.</summary>
    internal bool IsResidual(int site) => this[site].Site.Kind is SiteKind.Embedding or SiteKind.ResidualBefore or SiteKind.ResidualMiddle or SiteKind.ResidualAfter;

    /// <summary>The block from which a pass that replaces the site must run, and whether the site is what this block reads.</summary>
    internal (int Layer, bool IsInput) StartOf(int site) => this[site].Site is { Kind: SiteKind.ResidualAfter } after ? (after.Layer + 1, true)
        : (Math.Max(this[site].Site.Layer, 0), this[site].Site.Kind is SiteKind.Embedding or SiteKind.ResidualBefore);

    private static List<SiteAutoencoder> Ordered(TransformerModel model, IEnumerable<SiteAutoencoder> sites)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sites);
        SiteAutoencoder[] given = [.. sites];
        List<Site> order = [.. model.Sites];
        foreach (SiteAutoencoder place in given)
        {
            string name = place.Site.ToString();
            int width = WidthOf(model.Description, place.Site.Kind), read = WidthOf(model.Description, place.InputSite.Kind);
            Require(order.Contains(place.Site), name, $"the model has layers 0 to {model.Description.Layers - 1} only", "choose one of them");
            Require(width > 0, name, "is no site whose features can be replaced", "use the residual stream, what a sublayer reads or writes, or attn_z");
            Require(place.Autoencoder.OutputWidth == width, name, $"the autoencoder is {place.Autoencoder.OutputWidth} wide, and the site {width}", "give one made for this model");
            Require(
                place.Autoencoder.InputWidth == read,
                name, read == 0 ? $"the transcoder reads {place.InputSite}, which has no fixed width" : $"the transcoder reads {place.Autoencoder.InputWidth} numbers, and {place.InputSite} has {read}",
                "give one made for this model");
            place.RequireReads(model.Description);
        }

        Require(given.Length > 0, "--sae", "no site has an autoencoder", "give at least one");
        List<SiteAutoencoder> ordered = [.. given.OrderBy(place => order.IndexOf(place.Site))];
        for (int i = 1; i < ordered.Count; i++)
        {
            Require(ordered[i].Site != ordered[i - 1].Site, ordered[i].Site.ToString(), "has two autoencoders", "give one for each site");
        }

        return ordered;
    }

    private static int WidthOf(ModelDescription description, SiteKind kind) => kind switch
    {
        SiteKind.Query or SiteKind.AttentionMix or SiteKind.AttentionMixNormalized => description.Attention.Heads * description.Attention.HeadWidth,
        SiteKind.Key or SiteKind.Value => description.Attention.KeyValueHeads * description.Attention.HeadWidth,
        SiteKind.MlpPreActivation or SiteKind.MlpHidden => description.Mlp.HiddenWidth,
        SiteKind.AttentionPattern or SiteKind.AttentionHead or SiteKind.Logits => 0,
        _ => description.Width,
    };

    private static void Require(bool holds, string subject, string problem, string remedy)
    {
        if (!holds)
        {
            throw new InputException(subject, problem, remedy);
        }
    }
}
