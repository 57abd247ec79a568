using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>What <see cref="ActivationCollector"/> is asked to collect.</summary>
public sealed record CollectionOptions
{
    /// <summary>
    /// The sites to keep; may be none where there are <see cref="Autoencoders"/>. <c>attn_head.L</c> is kept as <c>attn_z.L</c> together with the output matrix that brings it into the residual stream.
    /// </summary>
    public required IReadOnlyList<Site> Sites { get; init; }

    /// <summary>
    /// Autoencoders, one for a site at most: their features are kept instead of the site's activations (a sparse site of its name), and what the reconstruction leaves
    /// beside them (a dense site <c>NAME.error</c>). Of a transcoder NAME is the site that it writes. Pooling pools features and errors of the positions, not what is encoded.
    /// </summary>
    public IReadOnlyList<SiteAutoencoder> Autoencoders { get; init; } = [];

    /// <summary>How positions become rows; the last position by default.</summary>
    public Pooling Pooling { get; init; } = Pooling.Last;

    /// <summary>
    /// Two columns of the text file whose words continue the row's text, each one token: the store gets <c>logitdiff</c>, the logit of the first less that of the
    /// second, and <c>answer_logprob</c>, the log-probability of the first. Null for none.
    /// </summary>
    public (string First, string Second)? Answers { get; init; }

    /// <summary>Longer texts are cut to this many tokens; null cuts at the model's own limit.</summary>
    public int? MaximumTokens { get; init; }

    /// <summary>
    /// About the most bytes to hold at once beside the model's weights; null for what batches of 1,024 tokens on every thread take. A smaller limit makes smaller batches, and
    /// fewer of them at once.
    /// </summary>
    public long? MemoryBytes { get; init; }

    /// <summary>How texts are put together; null for what suits the memory. To go on with a store, give <see cref="BatchPartition.OfStore"/> of it.</summary>
    public BatchPartition? Batches { get; init; }

    /// <summary>The most texts of a chunk and the rows of a shard where a test wants small ones; null for what suits the memory.</summary>
    internal (int TextsPerChunk, int RowsPerShard)? Partition { get; init; }

    /// <summary>Every site of every component: the embedding, all heads, all MLPs.</summary>
    /// <param name="description">The model.</param>
    public static IReadOnlyList<Site> ComponentSites(ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        return [
            new Site(SiteKind.Embedding),
            .. Enumerable.Range(0, description.Layers).SelectMany(layer => (Site[])[new Site(description.HeadSite, layer), new Site(SiteKind.MlpOutput, layer)]),
        ];
    }

    /// <summary>
    /// Reads a comma-separated list of sites: names as in <see cref="Site.Parse"/>, <c>NAME.*</c> for every layer, and <c>components</c> for <see cref="ComponentSites"/>.
    /// </summary>
    /// <param name="list">The list.</param>
    /// <param name="description">The model, whose layers <c>*</c> stands for.</param>
    /// <exception cref="Numerics.InputException">A name is unknown, or a site has no fixed width.</exception>
    public static IReadOnlyList<Site> ParseSites(string list, ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(description);
        List<Site> sites = [];
        foreach (string name in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == "components")
            {
                sites.AddRange(ComponentSites(description));
            }
            else if (name.EndsWith(".*", StringComparison.Ordinal))
            {
                sites.AddRange(Enumerable.Range(0, description.Layers).Select(layer => Site.Parse($"{name[..^2]}.{layer}")));
            }
            else
            {
                sites.Add(Site.Parse(name));
            }
        }

        foreach (Site site in sites)
        {
            if (site.Kind == SiteKind.AttentionPattern)
            {
                throw new Numerics.InputException(site.ToString(), "an attention pattern has no fixed number of columns", "collect other sites");
            }

            if (site.Layer >= description.Layers)
            {
                throw new Numerics.InputException(site.ToString(), $"the model has layers 0 to {description.Layers - 1} only", "choose one of them");
            }
        }

        return sites.Count > 0
            ? [.. sites.Distinct()]
            : throw new Numerics.InputException("--sites", "names no site", "give names such as components or resid_post.*");
    }
}
