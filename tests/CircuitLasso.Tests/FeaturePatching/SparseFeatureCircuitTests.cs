using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class SparseFeatureCircuitTests
{
    public static MatrixTheoryData<string, bool> Cases => new(["gpt2", "llama", "parallel", "no_norm_bidirectional_free_width"], [false, true]);

    private static readonly string[] _transcoders = ["embed", "attn_in.0:attn_out.0", "mlp_in.0:mlp_out.0", "resid_post.0", "resid_pre.1:attn_out.1", "mlp_post.1", "mlp_normalized.1:mlp_out.1"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Edges_that_leave_a_node_add_up_to_its_effect(string name, bool keepPositions)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        foreach (string[] names in (string[][])[["embed", "resid_post.0", "resid_post.1"], ["embed", "attn_z.0", "attn_out.0", "mlp_out.0", "resid_post.0", "resid_pre.1", "attn_out.1", "mlp_out.1"], _transcoders])
        {
            AutoencoderSites sites = TinyAutoencoders.Sites(model, names);
            FeaturePatcher patcher = new(sites, FeaturePatcherTests.Task());
            SparseFeatureCircuit found = SparseFeatureCircuits.Discover(patcher, new SparseFeatureCircuitOptions { Steps = 1, NodeThreshold = 0, EdgeThreshold = 0, KeepPositions = keepPositions });
            Assert.Equal(found.KeptNodes, found.Effects.Values.Count(pair => pair.Value != 0));
            ILookup<string, CircuitEdge> leaving = found.Circuit.Edges.ToLookup(edge => edge.Source);
            foreach ((FeatureNode node, double effect) in found.Effects.Values)
            {
                double sum = leaving[sites.NameOf(node)].Sum(edge => edge.Weight);
                Assert.True(Math.Abs(sum - effect) <= 1e-3 * (1 + Math.Abs(effect)), $"{sites.NameOf(node)}: {sum} of {effect}");
            }

            TinyAutoencoders.Free(sites);
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void An_edge_is_the_finite_difference_of_the_child_along_paths_that_meet_no_other_site(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "attn_out.1", "resid_post.1");
        FeaturePatcher patcher = new(sites, FeaturePatcherTests.Task());
        SparseFeatureCircuit found = SparseFeatureCircuits.Discover(patcher, new SparseFeatureCircuitOptions { Steps = 4, NodeThreshold = 0, EdgeThreshold = 0 });
        using FeatureBatch batch = patcher.Run(0);
        float[] slope = patcher.Effects(4, false, keepGradients: true, null, default).Gradients![0][2].Activations;
        int checkedEdges = 0;
        foreach (int feature in Enumerable.Range(0, 20))
        {
            const float Step = 1e-3f;
            float[] up = Reached(Step);
            float[] down = Reached(-Step);
            SparseAutoencoder autoencoder = sites[2].Autoencoder;
            using SiteState more = SiteState.Of(autoencoder, up);
            using SiteState less = SiteState.Of(autoencoder, down);
            foreach (int child in Enumerable.Range(0, autoencoder.FeatureCount))
            {
                // Where the child is switched on or off within the step there is no derivative.
                double expected = 0;
                bool isSmooth = true;
                for (int row = 0; row < batch.Rows; row++)
                {
                    (float? a, float? b) = (Value(more, row, child), Value(less, row, child));
                    isSmooth &= a is null == b is null && a is null == Value(batch.Clean[2], row, child) is null;
                    expected -= ((a ?? 0) - (b ?? 0)) / (2 * Step) * Dot(autoencoder.DecoderDirection(child), slope.AsSpan(row * 12, 12));
                }

                if (isSmooth && found.Circuit.Edge($"resid_post.0/{feature}", $"resid_post.1/{child}") is { } edge)
                {
                    Assert.True(Math.Abs(edge.Weight - expected) <= 2e-2 * (0.1 + Math.Abs(expected)), $"{edge}: {expected}");
                    checkedEdges++;
                }
            }

            float[] Reached(float share)
            {
                using TensorScope scope = new();
                using IDisposable mode = GradientMode.Disable();
                float[] moved = [.. batch.Clean[0].Values];
                for (int row = 0; row < batch.Rows; row++)
                {
                    if (batch.IsReal(row, out _))
                    {
                        List<(int Feature, float Difference)> features = [];
                        FeaturePatcher.Differences(batch, 0, row, features, new float[12]);
                        float difference = features.Where(pair => pair.Feature == feature).Sum(pair => pair.Difference);
                        for (int i = 0; i < 12; i++)
                        {
                            moved[(row * 12) + i] += share * difference * sites[0].Autoencoder.DecoderDirection(feature)[i];
                        }
                    }
                }

                ForwardHooks hooks = new();
                hooks.Add(new Site(SiteKind.AttentionOutput, 1), (_, value) => Tensor.FromValues(batch.Clean[1].Values, value.Shape));
                return model.ForwardBlocks(batch.Texts, Tensor.FromValues(moved, batch.Texts.Count, batch.Texts.Positions, 12), 1, 2, hooks).ToArray();
            }
        }

        Assert.True(checkedEdges > 20, $"{checkedEdges} edges");
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Thresholds_keep_what_is_above_them_and_the_rest_are_candidates()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "resid_post.1");
        FeaturePatcher patcher = new(sites, FeaturePatcherTests.Task());
        SparseFeatureCircuit found = SparseFeatureCircuits.Discover(patcher, new SparseFeatureCircuitOptions { NodeThreshold = 0.05, EdgeThreshold = 0.02 });
        Assert.NotEmpty(found.Circuit.Edges);
        Assert.All(found.Circuit.Edges, edge => Assert.True(Math.Abs(edge.Weight) > 0.02));
        foreach (CircuitEdge edge in found.Circuit.Edges)
        {
            Assert.True(Math.Abs(found.Effects.Values[sites.Find(edge.Source)!.Value]) > 0.05);
        }

        Assert.True(found.Circuit.Nodes.Count > found.KeptNodes + 1);
        Assert.Equal(SparseFeatureCircuits.TargetName, found.Circuit.Target.Name);
        Assert.Equal("y", Assert.Single(found.Circuit.Edges.Where(edge => sites.Find(edge.Source)!.Value.Site == 1).Select(edge => edge.Target).Distinct()));
        Assert.Throws<Numerics.InputException>(() => SparseFeatureCircuits.Discover(patcher, new SparseFeatureCircuitOptions { EdgeThreshold = double.NaN }));
        TinyAutoencoders.Free(sites);
    }

    private static float? Value(SiteState state, int row, int feature)
    {
        FeatureRow values = state.Row(row);
        int at = values.Indices.BinarySearch(feature);
        return at < 0 ? null : values.Values[at];
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => System.Numerics.Tensors.TensorPrimitives.Dot(a, b);
}
