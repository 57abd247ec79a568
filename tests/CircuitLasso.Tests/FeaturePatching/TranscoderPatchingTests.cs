using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>Transcoders in interventions: what they read is encoded, what they write is replaced.</summary>
public sealed class TranscoderPatchingTests
{
    private static readonly string[] _names = ["resid_pre.0", "attn_in.0:attn_out.0", "mlp_in.0:mlp_out.0", "resid_post.0", "resid_mid.1:mlp_out.1", "resid_post.1"];

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void With_features_and_errors_as_they_are_the_pass_is_exactly_the_original(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, _names);
        FeaturePatcher patcher = new(sites, FeaturePatcherTests.Task());
        for (int index = 0; index < patcher.Batches.Count; index++)
        {
            using FeatureBatch batch = patcher.Run(index);
            using TensorScope scope = new();
            using IDisposable mode = GradientMode.Disable();
            int[] all = [.. Enumerable.Range(0, sites.Count)];
            Tensor[] leaves = [.. all.Select(site => Tensor.FromValues(batch.Clean[site].Values, batch.Rows, batch.Clean[site].Values.Length / batch.Rows))];
            Assert.Equal(batch.CleanScore, batch.Score(all, leaves).Item());
        }

        Assert.All(patcher.Exact([new FeatureNode(1, 3), new FeatureNode(2, FeatureNode.Error), new FeatureNode(4, 0)], share: 0), effect => Assert.Equal(0, effect));
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void An_activation_is_bias_features_error_and_skip_term()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, _names);
        FeaturePatcher patcher = new(sites, FeaturePatcherTests.Task());
        using FeatureBatch batch = patcher.Run(0);
        Assert.Contains(sites, place => place.IsTranscoder && place.Autoencoder.HasSkip);
        Assert.Contains(sites, place => place.IsTranscoder && !place.Autoencoder.HasSkip);
        for (int site = 0; site < sites.Count; site++)
        {
            SiteState state = batch.Clean[site];
            for (int row = 0; row < batch.Rows; row++)
            {
                float[] value = new float[12];
                FeatureBatch.Compose(sites[site].Autoencoder, state.Row(row), value);
                float[] reconstruction = new float[12];
                sites[site].Autoencoder.Reconstruct(state.Inputs.AsSpan(row * 12, 12), reconstruction);
                for (int i = 0; i < 12; i++)
                {
                    Assert.Equal(state.Values[(row * 12) + i], value[i] + (sites[site].Autoencoder.HasSkip ? state.SkipTerm(row)[i] : 0), 1e-4f);
                    if (sites[site].IsTranscoder)
                    {
                        Assert.Equal(state.Values[(row * 12) + i] - reconstruction[i], state.Errors[(row * 12) + i], 1e-4f);
                    }
                }
            }
        }

        TinyAutoencoders.Free(sites);
    }

    // The slow way: the whole model with a hook that adds the movement, and the transcoder's encoder on what it reads then.
    [Theory]
    [InlineData("gpt2", "mlp_in.1:mlp_out.1")]
    [InlineData("llama", "mlp_normalized.1:mlp_out.1")]
    [InlineData("gpt2", "attn_in.1:attn_out.1")]
    public void An_edge_into_a_transcoder_is_the_finite_difference_of_its_feature_in_a_whole_pass(string name, string transcoder)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_pre.1", transcoder);
        FeaturePatcher patcher = new(sites, FeaturePatcherTests.Task());
        SparseFeatureCircuit found = SparseFeatureCircuits.Discover(patcher, new SparseFeatureCircuitOptions { Steps = 1, NodeThreshold = 0, EdgeThreshold = 0 });
        using FeatureBatch batch = patcher.Run(0);
        float[] slope = patcher.Effects(1, false, keepGradients: true, null, default).Gradients![0][1].Activations;
        SparseAutoencoder encoder = sites[1].Autoencoder;
        int checkedEdges = 0;
        for (int parent = 0; parent < sites[0].Autoencoder.FeatureCount; parent++)
        {
            const float Step = 1e-3f;
            using SparseFeatureRows up = Encoded(parent, Step), down = Encoded(parent, -Step), still = Encoded(parent, 0);
            for (int child = 0; child < encoder.FeatureCount; child++)
            {
                double expected = 0;
                bool isSmooth = true;
                for (int row = 0; row < batch.Rows; row++)
                {
                    (float? more, float? less, float? own) = (Value(up, row, child), Value(down, row, child), Value(still, row, child));
                    isSmooth &= more is null == own is null && less is null == own is null;
                    expected -= ((more ?? 0) - (less ?? 0)) / (2 * Step) * System.Numerics.Tensors.TensorPrimitives.Dot(encoder.DecoderDirection(child), slope.AsSpan(row * 12, 12));
                }

                if (isSmooth && found.Circuit.Edge($"resid_pre.1/{parent}", $"{sites[1].Site}/{child}") is { } edge)
                {
                    Assert.True(Math.Abs(edge.Weight - expected) <= 2e-2 * (0.1 + Math.Abs(expected)), $"{edge}: {expected}");
                    checkedEdges++;
                }
            }
        }

        Assert.True(checkedEdges > 20, $"{checkedEdges} edges");
        TinyAutoencoders.Free(sites);

        SparseFeatureRows Encoded(int parent, float share)
        {
            float[] read = [];
            ForwardHooks hooks = new();
            hooks.Add(sites[0].Site, (_, value) =>
            {
                float[] moved = value.ToArray();
                for (int row = 0; row < batch.Rows; row++)
                {
                    if (batch.IsReal(row, out int _))
                    {
                        List<(int Feature, float Difference)> features = [];
                        FeaturePatcher.Differences(batch, 0, row, features, new float[12]);
                        float difference = features.Where(pair => pair.Feature == parent).Sum(pair => pair.Difference);
                        for (int i = 0; i < 12; i++)
                        {
                            moved[(row * 12) + i] += share * difference * sites[0].Autoencoder.DecoderDirection(parent)[i];
                        }
                    }
                }

                return Tensor.FromValues(moved, value.Shape);
            });
            hooks.Add(sites[1].InputSite, (_, value) =>
            {
                read = value.ToArray();
                return null;
            });
            using IDisposable mode = GradientMode.Disable();
            using TensorScope scope = new();
            model.Forward(batch.Texts, hooks, LogitPositions.None);
            SparseFeatureRows rows = new(encoder.FeatureCount);
            encoder.Encode(read, rows);
            return rows;
        }
    }

    // All of what reaches the transcoder, and passes it by, is kept, so its features must come out as they are, and only what of them reaches the behaviour counts.
    [Theory]
    [InlineData("mlp_in.1:mlp_out.1", false)]
    [InlineData("mlp_in.1:mlp_out.1", true)]
    [InlineData("attn_in.1:attn_out.1", false)]
    [InlineData("attn_in.1:attn_out.1", true)]
    public void By_path_patching_a_transcoders_feature_with_all_its_sources_kept_has_its_value(string transcoder, bool hasSkip)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, hasSkip ? [transcoder, "resid_pre.1"] : ["resid_pre.1", transcoder]);
        Assert.Equal(hasSkip, sites[1].Autoencoder.HasSkip);
        BehaviourTask task = FeaturePatcherTests.Task();
        string written = sites[1].Site.ToString();
        string[] sources = ["resid_pre.1/error", .. Enumerable.Range(0, sites[0].Autoencoder.FeatureCount).Select(feature => $"resid_pre.1/{feature}")], children = [.. Enumerable.Range(3, 6).Select(feature => $"{written}/{feature}")];
        Circuit circuit = new(
            [
                .. sources.Select(name => new CircuitNode(name, name.EndsWith("error", StringComparison.Ordinal) ? CircuitNodeKind.Error : CircuitNodeKind.Feature, 0)),
                .. children.Select(name => new CircuitNode(name, CircuitNodeKind.Feature, 1)), new CircuitNode("y", CircuitNodeKind.Target, 2),
            ],
            [.. sources.SelectMany(source => children.Select(child => new CircuitEdge(source, child, 1))), .. sources.Concat(children).Select(node => new CircuitEdge(node, "y", 1))]);
        CircuitEvaluation edges = new FeatureEdgeEvaluator(sites, task, circuit, "test").Recomputed([.. circuit.Edges], TestContext.Current.CancellationToken);
        FeatureCircuitEvaluator last = new(new AutoencoderSites(model, [sites[1]]), task);
        CircuitEvaluation nodes = last.Evaluate([.. children.Select(child => last.Sites.Find(child)!.Value)], TestContext.Current.CancellationToken);
        Assert.Equal(nodes.CircuitLoss, edges.CircuitLoss, 1e-4);
        Assert.Equal(new FeatureCircuitEvaluator(sites, task).Evaluate([], TestContext.Current.CancellationToken).EmptyLoss, edges.EmptyLoss, 1e-4);
        Assert.NotEqual(edges.CircuitLoss, edges.EmptyLoss, 1e-3);
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void In_a_model_whose_sublayers_stand_side_by_side_a_transcoder_of_the_middle_residual_stream_is_refused()
    {
        using TransformerModel model = TinyTransformers.Create("parallel");
        using SparseAutoencoder transcoder = TinyAutoencoders.CreateTranscoder(12, 12, 5, 1);
        SiteAutoencoder place = new(transcoder, Site.Parse("resid_mid.0"), Site.Parse("mlp_out.0"));
        Assert.Contains("side by side", Assert.Throws<Numerics.InputException>(() => new AutoencoderSites(model, [place])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_are_named_after_the_site_that_is_written()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "mlp_in.0:mlp_out.0");
        Assert.Equal(["mlp_out.0", "resid_post.0"], sites.Select(place => place.Site.ToString()));
        Assert.Equal("mlp_in.0", sites[0].InputSite.ToString());
        Assert.Equal(new FeatureNode(0, 4), sites.Find("mlp_out.0/4"));
        Assert.Null(sites.Find("mlp_in.0/4"));
        TinyAutoencoders.Free(sites);
    }

    private static float? Value(SparseFeatureRows rows, int row, int feature)
    {
        int at = rows.Indices(row).BinarySearch(feature);
        return at < 0 ? null : rows.Values(row)[at];
    }
}
