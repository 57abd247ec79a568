using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using Tensor = CircuitLasso.Tensors.Tensor;

namespace CircuitLasso;

/// <summary>
/// Measures what ablating the sources of edges does to their targets: a source is held at its mean at all positions (x = decoder bias + features + error, with that feature changed), the model
/// computes on, and the target's autoencoder reads again.
/// </summary>
/// <remarks>
/// The mean of a source is over all tokens. A row counts where the source is active on it as the texts are. With f the target's activation there, pooled as the rows are, and f' the same
/// with the source ablated, the share is (sum f - sum f') / max(|sum f|, |sum f'|), and 0 where both sums are 0.
/// </remarks>
public static class AblationEffects
{
    private const int TokensPerBatch = 1024;

    /// <summary>Measures edges between features. Takes two passes over the texts, and for each source one more over those batches on which it is active, from its block on.</summary>
    /// <param name="sites">The sites and the model.</param>
    /// <param name="texts">Token ids of texts, each at least one and no more than the model's positions.</param>
    /// <param name="edges">Edges between features of these sites.</param>
    /// <param name="pooling">How positions become rows: as those were made which the circuit was learnt from.</param>
    /// <param name="progress">Told of sources done in each batch.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The effect of each edge whose source is active on some row.</returns>
    /// <exception cref="InputException">An edge has an end that is no feature of these sites, or its target is not computed after its source.</exception>
    public static IReadOnlyDictionary<(string Source, string Target), AblationEffect> Measure(
        AutoencoderSites sites,
        IReadOnlyList<int[]> texts,
        IReadOnlyCollection<CircuitEdge> edges,
        Pooling pooling,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sites);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(edges);
        if (edges.Count == 0)
        {
            return new Dictionary<(string, string), AblationEffect>();
        }

        // Texts are taken apart only where an edge begins or ends.
        int[] named = [.. edges.SelectMany(edge => new[] { Feature(sites, edge.Source).Site, Feature(sites, edge.Target).Site }).Distinct()];
        sites = new AutoencoderSites(sites.Model, named.Select(site => sites[site]));
        (FeatureNode Source, FeatureNode Target, Sums Sums)[] pairs = [.. edges.Select(edge => (Feature(sites, edge.Source), Feature(sites, edge.Target), new Sums(edge)))];
        if (Array.Find(pairs, pair => !sites.IsBefore(pair.Source.Site, pair.Target.Site) || pair.Source.Site >= pair.Target.Site) is { Sums: { } odd })
        {
            throw new InputException(odd.Edge.Target, $"is not computed after {odd.Edge.Source}", "give the circuit that was learnt with these autoencoders");
        }

        IGrouping<FeatureNode, (FeatureNode Source, FeatureNode Target, Sums Sums)>[] bySource = [.. pairs.GroupBy(pair => pair.Source)];
        TokenBatch[] batches = [.. Batches(texts)];
        Dictionary<FeatureNode, float> means = Means(sites, batches, [.. bySource.Select(group => group.Key)], cancellation);
        long done = 0;
        foreach (TokenBatch batch in batches)
        {
            using FeaturePass pass = new(sites, batch);
            foreach (IGrouping<FeatureNode, (FeatureNode Source, FeatureNode Target, Sums Sums)> group in bySource)
            {
                cancellation.ThrowIfCancellationRequested();
                Add(pass, sites, group.Key, means[group.Key], group, pooling);
                progress?.Report(new WorkProgress("ablating", ++done, (long)batches.Length * bySource.Length, "passes"));
            }
        }

        return pairs.Where(pair => pair.Sums.Rows > 0).ToDictionary(pair => (pair.Sums.Edge.Source, pair.Sums.Edge.Target), pair => pair.Sums.ToEffect());
    }

    private static FeatureNode Feature(AutoencoderSites sites, string name) => sites.Find(name) switch
    {
        { IsError: false, Position: FeatureNode.Everywhere } node => node,
        { IsError: false } => throw new InputException(name, "stands for one position, and effects are measured of a feature at all positions together", "give a circuit that was learnt without --positions"),
        _ => throw new InputException(name, "is no feature of the sites that have autoencoders", "give the autoencoders that the circuit was learnt with (--sae)"),
    };

    private static IEnumerable<TokenBatch> Batches(IReadOnlyList<int[]> texts)
    {
        List<int[]> batch = [];
        foreach (int[] text in texts.OrderBy(text => text.Length))
        {
            if (batch.Count > 0 && (batch.Count + 1L) * text.Length > TokensPerBatch)
            {
                yield return new TokenBatch([.. batch]);
                batch.Clear();
            }

            batch.Add(text);
        }

        if (batch.Count > 0)
        {
            yield return new TokenBatch([.. batch]);
        }
    }

    private static Dictionary<FeatureNode, float> Means(AutoencoderSites sites, TokenBatch[] batches, FeatureNode[] nodes, CancellationToken cancellation)
    {
        double[] sums = new double[nodes.Length];
        long tokens = 0;
        foreach (TokenBatch batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            using FeaturePass pass = new(sites, batch);
            for (int row = 0; row < pass.Rows; row++)
            {
                if (pass.IsReal(row, out _))
                {
                    tokens++;
                    for (int i = 0; i < nodes.Length; i++)
                    {
                        sums[i] += pass.Clean[nodes[i].Site].Scale(row) * (double)Value(pass.Clean[nodes[i].Site], row, nodes[i].Feature);
                    }
                }
            }
        }

        return nodes.Select((node, i) => (node, i)).ToDictionary(pair => pair.node, pair => tokens > 0 ? (float)(sums[pair.i] / tokens) : 0);
    }

    private static void Add(
        FeaturePass pass, AutoencoderSites sites, FeatureNode source, float mean, IEnumerable<(FeatureNode Source, FeatureNode Target, Sums Sums)> edges, Pooling pooling)
    {
        SiteState state = pass.Clean[source.Site];
        (int Start, int Count)[] rows = [.. Rows(pass, pooling).Where(row => Enumerable.Range(row.Start, row.Count).Any(token => Value(state, token, source.Feature) != 0))];
        if (rows.Length == 0)
        {
            return;
        }

        int width = state.Autoencoder.OutputWidth;
        float[] ablated = [.. state.Values];
        for (int row = 0; row < pass.Rows; row++)
        {
            if (pass.IsReal(row, out _))
            {
                Span<float> value = ablated.AsSpan(row * width, width);
                TensorPrimitives.MultiplyAdd(state.Autoencoder.DecoderDirection(source.Feature), mean - (state.Scale(row) * Value(state, row, source.Feature)), value, value);
            }
        }

        using IDisposable mode = GradientMode.Disable();
        foreach (IGrouping<int, (FeatureNode Source, FeatureNode Target, Sums Sums)> site in edges.GroupBy(edge => edge.Target.Site))
        {
            using TensorScope scope = new();
            using SiteState after = pass.Reached([source.Site], [Tensor.FromValues(ablated, pass.Rows, width)], site.Key);
            foreach ((_, FeatureNode target, Sums sums) in site)
            {
                foreach ((int start, int count) in rows)
                {
                    sums.Rows++;
                    sums.Before += Pooled(pass.Clean[site.Key], start, count, target.Feature, pooling);
                    sums.After += Pooled(after, start, count, target.Feature, pooling);
                }
            }
        }
    }

    // The tokens of each row, by their places in the padded batch.
    private static IEnumerable<(int Start, int Count)> Rows(FeaturePass pass, Pooling pooling)
    {
        for (int text = 0; text < pass.Texts.Count; text++)
        {
            int start = text * pass.Texts.Positions, length = pass.Texts.Lengths[text];
            switch (pooling)
            {
                case Pooling.None:
                    for (int position = 0; position < length; position++)
                    {
                        yield return (start + position, 1);
                    }

                    break;
                case Pooling.Last:
                    yield return (start + length - 1, 1);
                    break;
                default:
                    yield return (start, length);
                    break;
            }
        }
    }

    private static double Pooled(SiteState state, int start, int count, int feature, Pooling pooling)
    {
        double[] values = [.. Enumerable.Range(start, count).Select(row => (double)Value(state, row, feature))];
        return pooling switch
        {
            Pooling.Max => values.Max(),
            Pooling.Mean => values.Average(),
            _ => values.Sum(),
        };
    }

    private static float Value(SiteState state, int row, int feature)
    {
        int at = state.Features.Indices(row).BinarySearch(feature);
        return at < 0 ? 0 : state.Features.Values(row)[at];
    }

    private sealed class Sums(CircuitEdge edge)
    {
        public CircuitEdge Edge { get; } = edge;

        public long Rows { get; set; }

        public double Before { get; set; }

        public double After { get; set; }

        public AblationEffect ToEffect()
        {
            double larger = Math.Max(Math.Abs(Before), Math.Abs(After));
            return new AblationEffect(larger > 0 ? Math.Clamp((Before - After) / larger, -1, 1) : 0, Rows);
        }
    }
}
