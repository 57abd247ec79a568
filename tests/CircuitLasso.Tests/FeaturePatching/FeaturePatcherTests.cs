using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class FeaturePatcherTests
{
    private static readonly string[] _transcoders = ["embed", "attn_in.0:attn_out.0", "mlp_in.0:mlp_out.0", "resid_post.0", "attn_out.1", "mlp_normalized.1:mlp_out.1"];

    private static readonly string[] _everywhere = ["embed", "attn_z.0", "attn_out.0", "mlp_out.0", "resid_post.0", "resid_mid.1", "mlp_out.1", "resid_post.1"];

    public static MatrixTheoryData<string, FeatureReplacement> Cases => new(["gpt2", "llama", "parallel", "no_norm_bidirectional_free_width", "gpt2 transcoders", "parallel transcoders"], Enum.GetValues<FeatureReplacement>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void Integrated_gradients_of_a_site_add_up_to_replacing_it_with_an_error_that_falls_as_one_over_n(string name, FeatureReplacement replacement)
    {
        using TransformerModel model = TinyTransformers.Create(name.Split(' ')[0]);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, SitesOf(name));
        FeaturePatcher patcher = new(sites, Task(), replacement, seed: 3);
        double[] exact = [.. Enumerable.Range(0, sites.Count).Select(site => patcher.ExactSite(site))];
        double[] Errors(int steps)
        {
            FeatureEffects effects = patcher.IntegratedGradients(steps);
            return [.. exact.Select((effect, site) => effect - effects.Values.Where(pair => pair.Key.Site == site).Sum(pair => pair.Value))];
        }

        // A left-hand sum: its error is c/N + O(1/N^2), so that doubling N halves it and the extrapolated error vanishes.
        double[] coarse = Errors(64);
        double[] fine = Errors(128);
        for (int site = 0; site < sites.Count; site++)
        {
            Assert.True(Math.Abs((2 * fine[site]) - coarse[site]) <= (0.05 * Math.Abs(coarse[site])) + 2e-4, $"{sites[site].Site}: {coarse[site]} {fine[site]} of {exact[site]}");
            Assert.True(Math.Abs(fine[site]) <= 0.05 * (1 + Math.Abs(exact[site])), $"{sites[site].Site}: {fine[site]} of {exact[site]}");
        }

        Assert.Contains(exact, effect => Math.Abs(effect) > 0.05);
        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attribution_is_the_finite_difference_of_a_small_change(string name, FeatureReplacement replacement)
    {
        using TransformerModel model = TinyTransformers.Create(name.Split(' ')[0]);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, SitesOf(name));
        FeaturePatcher patcher = new(sites, Task(), replacement, seed: 3);
        FeatureEffects effects = patcher.Attribution();
        FeatureNode[] nodes = [.. effects.Values.Keys.Where((node, i) => i % 3 == 0 || node.IsError)];
        double[] Central(double share) => [.. patcher.Exact(nodes, share).Zip(patcher.Exact(nodes, -share), (forwards, backwards) => (forwards - backwards) / (2 * share))];
        double[] near = Central(0.003);
        double[] far = Central(0.006);
        for (int i = 0; i < nodes.Length; i++)
        {
            double difference = ((4 * near[i]) - far[i]) / 3;
            Assert.True(Math.Abs(difference - effects.Values[nodes[i]]) <= 2e-3 * (1 + Math.Abs(difference)), $"{sites.NameOf(nodes[i])}: {difference} {effects.Values[nodes[i]]}");
        }

        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData(FeatureReplacement.Corrupt)]
    [InlineData(FeatureReplacement.Mean)]
    [InlineData(FeatureReplacement.Zero)]
    public void Where_all_that_follows_is_linear_every_effect_is_that_of_replacing_the_node_at_all_positions_or_at_one(FeatureReplacement replacement)
    {
        using TransformerModel model = Linear();
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "attn_z.1", "mlp_out.1", "resid_post.1");
        FeaturePatcher patcher = new(sites, Task(), replacement);
        foreach (bool keepPositions in (bool[])[false, true])
        {
            FeatureEffects plain = patcher.Attribution(keepPositions);
            FeatureEffects integrated = patcher.IntegratedGradients(10, keepPositions);
            FeatureNode[] nodes = [.. plain.Values.Keys];
            double[] exact = patcher.Exact(nodes);
            for (int i = 0; i < nodes.Length; i++)
            {
                Assert.Equal(exact[i], plain.Values[nodes[i]], 1e-4);
                Assert.Equal(exact[i], integrated.Values[nodes[i]], 1e-4);
            }

            Assert.Contains(exact, effect => Math.Abs(effect) > 0.01);
        }

        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Kept_positions_add_up_to_the_effects_without_them_and_batches_change_nothing()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, _everywhere);
        FeaturePatcher whole = new(sites, Task(), FeatureReplacement.Mean);
        FeaturePatcher single = new(sites, Task(), FeatureReplacement.Mean, memoryBytes: 1);
        FeatureEffects summed = whole.IntegratedGradients(3);
        FeatureEffects kept = whole.IntegratedGradients(3, keepPositions: true);
        FeatureEffects cut = single.IntegratedGradients(3);
        Assert.Equal(summed.Values.Keys, cut.Values.Keys);
        foreach ((FeatureNode node, double effect) in summed.Values)
        {
            Assert.Equal(effect, kept.Values.Where(pair => (pair.Key.Site, pair.Key.Feature) == (node.Site, node.Feature)).Sum(pair => pair.Value), 1e-6);
            Assert.Equal(effect, cut.Values[node], 1e-5);
        }

        Assert.All(kept.Values.Keys, node => Assert.InRange(node.Position, 0, 4));
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Texts_drawn_at_random_are_the_same_for_the_same_seed_however_little_memory_there_is()
    {
        using TransformerModel model = TinyTransformers.Create("llama");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "embed", "resid_post.1");
        double Effect(ulong seed, long memory) => new FeaturePatcher(sites, Task(), FeatureReplacement.Resample, memory, seed).ExactSite(0);
        Assert.Equal(Effect(1, 1 << 30), Effect(1, 1), 1e-5);
        Assert.NotEqual(Effect(1, 1 << 30), Effect(2, 1 << 30), 1e-3);
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Replacing_the_first_site_by_the_corrupt_texts_gives_the_corrupt_run()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "embed", "resid_post.0", "resid_post.1");
        BehaviourTask task = Task();
        FeaturePatcher patcher = new(sites, task);
        FeatureEffects effects = patcher.Attribution();
        double corrupt = new BehaviourTask("swapped", task.Texts.Select(text => text with { Clean = text.Corrupt, Corrupt = text.Clean })).Scores(model).Average();
        Assert.Equal(task.Scores(model).Average(), effects.CleanScore, 1e-5);
        for (int site = 0; site < sites.Count; site++)
        {
            Assert.Equal(effects.CleanScore - corrupt, patcher.ExactSite(site), 1e-4);
        }

        Assert.Equal(corrupt, effects.ReplacedScore, 1e-4);
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void A_task_of_logit_differences_and_the_same_task_spelled_as_log_probabilities_are_one_behaviour()
    {
        using TransformerModel model = TinyTransformers.Create("llama");
        DiscoveryTask logits = TinyTasks.Create(TaskMetric.LogitDifference);
        BehaviourTask difference = BehaviourTask.Of(logits);

        // One text for each answer, whose terms do not cancel.
        BehaviourTask probabilities = new("spelled", difference.Texts.SelectMany(text => text.Terms.Select(term => text with { Terms = [term] })));
        double loss;
        using (TensorScope scope = new())
        {
            TaskBatch batch = TinyTasks.Whole(logits);
            loss = new TaskObjective(model, logits).Loss(batch, model.Forward(batch.Clean, null, LogitPositions.None), null).Item();
        }

        Assert.Equal(-loss, difference.Scores(model).Average(), 1e-5);
        foreach ((double expected, double actual) in difference.Scores(model).Zip(probabilities.Scores(model)))
        {
            Assert.Equal(expected, actual, 1e-5);
        }

        Assert.Equal(2, difference.Select(pair => pair != 1).Pairs);
    }

    [Fact]
    public void Names_of_nodes_are_read_back_and_others_are_not()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.1", "mlp_out.0");
        Assert.Equal("mlp_out.0", sites[0].Site.ToString());
        foreach ((FeatureNode node, string name) in (IEnumerable<(FeatureNode, string)>)[(new(1, 3), "resid_post.1/3"), (new(0, FeatureNode.Error), "mlp_out.0/error"), (new(1, 3, 7), "resid_post.1/3@7"), (new(0, FeatureNode.Error, 0), "mlp_out.0/error@0")])
        {
            Assert.Equal(name, sites.NameOf(node));
            Assert.Equal(node, sites.Find(name));
        }

        Assert.All(["y", "resid_post.1", "resid_post.0/3", "resid_post.1/-1", "resid_post.1/99", "resid_post.1/3@", "resid_post.1/3@-1", "resid_post.1/x"], name => Assert.Null(sites.Find(name)));
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Sites_that_cannot_be_replaced_are_refused_in_one_line()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        using SparseAutoencoder right = TinyAutoencoders.Create(12, 5, 1);
        using SparseAutoencoder wide = TinyAutoencoders.Create(13, 5, 1);
        foreach ((string name, SparseAutoencoder autoencoder) in (IEnumerable<(string, SparseAutoencoder)>)[("resid_post.2", right), ("logits", right), ("attn_pattern.0", right), ("resid_post.0", wide)])
        {
            Assert.Equal(name, Assert.Throws<Numerics.InputException>(() => new AutoencoderSites(model, [new(autoencoder, Site.Parse(name))])).Subject);
        }

        Assert.Throws<Numerics.InputException>(() => new AutoencoderSites(model, []));
        Assert.Throws<Numerics.InputException>(() => new AutoencoderSites(model, [new(right, Site.Parse("embed")), new(right, Site.Parse("embed"))]));
    }

    private static string[] SitesOf(string name) => name.EndsWith(" transcoders", StringComparison.Ordinal) ? _transcoders : _everywhere;

    internal static BehaviourTask Task() => BehaviourTask.Of(TinyTasks.Create(TaskMetric.LogitDifference, 5, 4, 3, 5, 4));

    // Attention to everything alike, MLPs far from the kink, no norm.
    internal static TransformerModel Linear()
    {
        ModelDescription description = TinyTransformers.Describe(NormalizationKind.None, TinyTransformers.Attention(2, 2, 5, bias: true), new MlpDescription(9, Activation.Relu, false, true));
        ModelParameters parameters = TinyTransformers.WithBiases(description, 7);
        foreach (ParameterKey key in parameters.Keys)
        {
            if (key.Role is ParameterRole.QueryWeight or ParameterRole.QueryBias)
            {
                parameters[key].CopyFrom(new float[parameters[key].Length]);
            }
            else if (key.Role == ParameterRole.MlpUpBias)
            {
                float[] high = new float[parameters[key].Length];
                Array.Fill(high, 10);
                parameters[key].CopyFrom(high);
            }
            else if (key.Role == ParameterRole.MlpUpWeight)
            {
                parameters[key].CopyFrom([.. parameters[key].ToArray().Select(value => value / 20)]);
            }
        }

        return new TransformerModel(description, parameters);
    }
}
