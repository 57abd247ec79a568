using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>What ablation does along edges, beside whole passes of one text at a time in which a hook adds the change by hand.</summary>
public sealed class AblationEffectsTests
{
    private static readonly int[][] _texts = [[3, 1, 4, 1, 5], [2, 7], [6, 5, 3, 5], [1], [4, 4, 2, 6, 1, 3], [5, 2, 2]];

    [Theory]
    [InlineData("gpt2", "resid_post.0", "resid_post.1", Pooling.None)]
    [InlineData("gpt2", "resid_post.0", "resid_post.1", Pooling.Mean)]
    [InlineData("llama", "resid_pre.0", "attn_out.1", Pooling.Sum)]
    [InlineData("llama", "mlp_out.0", "resid_post.1", Pooling.Max)]
    [InlineData("gpt2", "embed", "mlp_in.1:mlp_out.1", Pooling.Last)]
    [InlineData("gpt2", "mlp_normalized.0:mlp_out.0", "attn_in.1:attn_out.1", Pooling.None)]
    public void Effects_are_those_of_whole_passes_with_the_change_added_by_hand(string name, string parent, string child, Pooling pooling)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, parent, child);
        CircuitEdge[] edges =
        [
            .. Enumerable.Range(0, 6).SelectMany(from => Enumerable.Range(0, 5).Select(to => new CircuitEdge($"{sites[0].Site}/{from}", $"{sites[1].Site}/{to}", 1))),
        ];
        IReadOnlyDictionary<(string, string), AblationEffect> found = AblationEffects.Measure(sites, _texts, edges, pooling, cancellation: TestContext.Current.CancellationToken);
        int measured = 0;
        foreach (CircuitEdge edge in edges)
        {
            (double? share, long rows) = Slow(sites, sites.Find(edge.Source)!.Value.Feature, sites.Find(edge.Target)!.Value.Feature, pooling);
            AblationEffect? effect = found.GetValueOrDefault((edge.Source, edge.Target));
            Assert.Equal(share is null, effect is null);
            if (share is not null)
            {
                Assert.Equal(share.Value, effect!.Share, 1e-3);
                Assert.Equal(rows, effect.Rows);
                measured += Math.Abs(share.Value) > 0.01 ? 1 : 0;
            }
        }

        Assert.True(measured > 5, $"{measured} of {found.Count} show an effect");
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Edges_that_are_none_of_these_sites_are_refused()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "resid_post.1");
        foreach ((string source, string target, string problem) in new[]
        {
            ("resid_post.0/error", "resid_post.1/1", "is no feature"), ("resid_post.0/1", "resid_post.1/99", "is no feature"), ("resid_post.1/1", "resid_post.0/1", "is not computed after"),
            ("resid_post.0/1@2", "resid_post.1/1@2", "stands for one position"),
        })
        {
            Assert.Contains(problem, Assert.Throws<Numerics.InputException>(() => AblationEffects.Measure(sites, _texts, [new CircuitEdge(source, target, 1)], Pooling.None, cancellation: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        }

        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Texts_are_taken_evenly_from_the_file_and_cut()
    {
        using TinyLanguageModel tiny = new();
        string path = tiny.WriteText("texts.txt", Enumerable.Range(0, 10).Select(i => string.Join(' ', Enumerable.Repeat(TinyLanguageModel.Words[2 + i], i + 1))));
        TextSource text = TextSource.Open(path, new TextOptions());
        IReadOnlyList<int[]> some = AblationTexts.Read(text, tiny.Tokenizer, tiny.Model.Description, 4, maximumTokens: 3);
        Assert.Equal(4, some.Count);
        Assert.All(some, ids => Assert.InRange(ids.Length, 1, 3));
        Assert.Equal(some.Count, some.Select(ids => ids[^1]).Distinct().Count());
        Assert.Equal(10, AblationTexts.Read(text, tiny.Tokenizer, tiny.Model.Description, 99).Count);
    }

    private static (double? Share, long Rows) Slow(AutoencoderSites sites, int parent, int child, Pooling pooling)
    {
        double sum = 0;
        int tokens = 0;
        foreach (int[] text in _texts)
        {
            sum += Run(sites, text, parent, child, null).Parent.Sum();
            tokens += text.Length;
        }

        (double before, double after, long rows) = (0, 0, 0);
        foreach (int[] text in _texts)
        {
            (double[] parents, double[] whole) = Run(sites, text, parent, child, null);
            double[] ablated = Run(sites, text, parent, child, sum / tokens).Child;
            int[][] groups = pooling switch
            {
                Pooling.None => [.. Enumerable.Range(0, text.Length).Select(position => new[] { position })],
                Pooling.Last => [[text.Length - 1]],
                _ => [[.. Enumerable.Range(0, text.Length)]],
            };
            foreach (int[] group in groups.Where(group => group.Any(position => parents[position] != 0)))
            {
                double Pool(double[] values) => pooling switch
                {
                    Pooling.Mean => group.Average(position => values[position]),
                    Pooling.Max => group.Max(position => values[position]),
                    _ => group.Sum(position => values[position]),
                };
                rows++;
                before += Pool(whole);
                after += Pool(ablated);
            }
        }

        double larger = Math.Max(Math.Abs(before), Math.Abs(after));
        return (rows == 0 ? null : larger > 0 ? (before - after) / larger : 0, rows);
    }

    // g of the parent and f of the child at every position of one text; with a mean the parent is held there.
    private static (double[] Parent, double[] Child) Run(AutoencoderSites sites, int[] text, int parent, int child, double? mean)
    {
        Dictionary<Site, float[]> read = [];
        ForwardHooks hooks = new();
        foreach (Site site in (Site[])[sites[0].InputSite, sites[1].InputSite])
        {
            hooks.Add(site, (_, value) =>
            {
                read[site] = value.ToArray();
                return null;
            });
        }

        double[] parents = [];
        hooks.Add(sites[0].Site, (_, value) =>
        {
            float[] values = value.ToArray(), encoded = sites[0].IsTranscoder ? read[sites[0].InputSite] : values;
            parents = Feature(sites[0].Autoencoder, encoded, parent, isScaled: true);
            for (int i = 0; mean is not null && i < values.Length; i++)
            {
                values[i] += (float)((mean.Value - parents[i / 12]) * sites[0].Autoencoder.DecoderDirection(parent)[i % 12]);
            }

            return Tensor.FromValues(values, value.Shape);
        });
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        sites.Model.Forward(new TokenBatch([text]), hooks, LogitPositions.None);
        return (parents, Feature(sites[1].Autoencoder, read[sites[1].InputSite], child, isScaled: false));
    }

    private static double[] Feature(SparseAutoencoder autoencoder, float[] values, int feature, bool isScaled)
    {
        using SparseFeatureRows rows = new(autoencoder.FeatureCount);
        autoencoder.Encode(values, rows);
        return [.. Enumerable.Range(0, rows.RowCount).Select(row =>
        {
            int at = rows.Indices(row).BinarySearch(feature);
            return at < 0 ? 0 : rows.Values(row)[at] * (isScaled ? (double)autoencoder.OutputScale(values.AsSpan(row * autoencoder.InputWidth, autoencoder.InputWidth)) : 1);
        })];
    }
}
