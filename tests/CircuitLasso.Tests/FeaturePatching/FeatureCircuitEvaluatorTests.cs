using CircuitLasso.Models;

namespace CircuitLasso.Tests;

public sealed class FeatureCircuitEvaluatorTests
{
    private static readonly string[] _names = ["embed", "attn_z.0", "attn_out.0", "mlp_out.0", "resid_post.0", "mlp_out.1", "resid_post.1"];

    private static readonly string[] _transcoders = ["embed", "attn_in.0:attn_out.0", "mlp_in.0:mlp_out.0", "resid_post.0", "mlp_normalized.1:mlp_out.1", "resid_post.1"];

    public static MatrixTheoryData<string, FeatureReplacement, bool> Cases => new(["gpt2", "llama", "parallel", "llama transcoders"], Enum.GetValues<FeatureReplacement>(), [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_nodes_are_the_model_and_none_is_what_stands_in_their_place(string name, FeatureReplacement ablation, bool keepPositions)
    {
        using TransformerModel model = TinyTransformers.Create(name.Split(' ')[0]);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, name.EndsWith(" transcoders", StringComparison.Ordinal) ? _transcoders : _names);
        FeatureCircuitEvaluator evaluator = new(sites, FeaturePatcherTests.Task(), ablation, keepPositions: keepPositions, seed: 3);
        CircuitEvaluation all = evaluator.Evaluate([.. evaluator.Candidates]);
        Assert.Equal(1, all.Faithfulness, 1e-3);

        // A mean, or zero, is no text's: features fire there which fire on none, and the complement keeps those.
        if (ablation is FeatureReplacement.Corrupt or FeatureReplacement.Resample)
        {
            Assert.Equal(0, all.Completeness, 1e-3);
        }

        CircuitEvaluation none = evaluator.Evaluate([]);
        Assert.Equal(0, none.Faithfulness);
        Assert.Equal(1, none.Completeness, 1e-3);

        // With nothing kept the last site decides alone.
        FeaturePatcher patcher = new(sites, FeaturePatcherTests.Task(), ablation, seed: 3);
        Assert.Equal(patcher.ExactSite(sites.Count - 1), none.EmptyLoss - none.ModelLoss, 1e-4);
        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData(FeatureReplacement.Mean, ErrorHandling.Ranked, false)]
    [InlineData(FeatureReplacement.Mean, ErrorHandling.Kept, false)]
    [InlineData(FeatureReplacement.Mean, ErrorHandling.Removed, false)]
    [InlineData(FeatureReplacement.Corrupt, ErrorHandling.ResidualOnly, false)]
    [InlineData(FeatureReplacement.Zero, ErrorHandling.Ranked, false)]
    [InlineData(FeatureReplacement.Mean, ErrorHandling.Ranked, true)]
    [InlineData(FeatureReplacement.Corrupt, ErrorHandling.ResidualOnly, true)]
    public void A_random_circuit_agrees_with_one_computed_dense_and_text_by_text(FeatureReplacement ablation, ErrorHandling errors, bool transcoders)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, transcoders ? _transcoders : _names);
        BehaviourTask task = FeaturePatcherTests.Task();
        FeatureCircuitEvaluator evaluator = new(sites, task, ablation, errors, memoryBytes: 1 << 20);
        FeatureNode[] kept = [.. evaluator.Random(5).Nodes.Take(evaluator.Candidates.Count / 2)];
        CircuitEvaluation actual = evaluator.Evaluate(kept);
        SlowFeatureAblation slow = new(sites, task, ablation, errors);
        Assert.Equal(-slow.Score(null), actual.ModelLoss, 1e-4);
        Assert.Equal(-slow.Score(_ => false), actual.EmptyLoss, 1e-4);
        Assert.Equal(-slow.Score(node => kept.Contains(node)), actual.CircuitLoss, 1e-4);
        Assert.Equal(-slow.Score(node => !kept.Contains(node)), actual.ComplementLoss, 1e-4);
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Curves_end_in_the_whole_model_and_a_ranking_that_ends_early_stops_growing()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "resid_post.1");
        BehaviourTask task = FeaturePatcherTests.Task();
        FeatureCircuitEvaluator evaluator = new(sites, task);
        FeatureRanking effects = FeatureRanking.ByEffect("sfc", new FeaturePatcher(sites, task, FeatureReplacement.Mean).IntegratedGradients());
        FeatureRanking few = new("few", effects.Nodes.Take(3));
        FeatureCurve curve = evaluator.Curve(few, [1, 3, 5, evaluator.Candidates.Count]);
        Assert.Equal(1, curve.Points[^1].Evaluation.Faithfulness, 1e-3);
        Assert.Equal(curve.Points[1].Evaluation, curve.Points[2].Evaluation);
        Assert.Equal(evaluator.Evaluate([.. few.Nodes]), curve.Points[1].Evaluation);
        Assert.Equal(evaluator.Candidates.Order(Comparer<FeatureNode>.Create(Compare)), evaluator.Random(1).Nodes.Order(Comparer<FeatureNode>.Create(Compare)));
        Assert.NotEqual(evaluator.Random(1).Nodes, evaluator.Random(2).Nodes);
        FeatureNode strongest = evaluator.ByActivation().Nodes[0];
        Assert.Contains(strongest, evaluator.Candidates);
        TinyAutoencoders.Free(sites);
        static int Compare(FeatureNode a, FeatureNode b) => (a.Site, a.Feature).CompareTo((b.Site, b.Feature));
    }

    [Fact]
    public void Areas_are_means_over_the_logarithm_of_the_fraction_kept()
    {
        Assert.Equal([1, 10, 100], FeatureCurve.Counts(100, 3));
        Assert.Equal([1, 2], FeatureCurve.Counts(2));

        // Losses 0 for the model and 1 for nothing: faithfulness is 1 - loss.
        FeatureCurve curve = new("x", 100, [new(1, new(0, 1, 1, 0)), new(10, new(0, 1, 0.5, 0.5)), new(100, new(0, 1, 0, 1))]);
        Assert.Equal(0.5, curve.FaithfulnessArea, 1e-12);
        Assert.Equal(0.5, curve.CompletenessArea, 1e-12);
        FeatureCurve late = new("x", 100, [new(1, new(0, 1, 1, 0)), new(10, new(0, 1, 1, 0)), new(100, new(0, 1, 0, 1))]);
        Assert.Equal(0.75, late.FaithfulnessArea, 1e-12);
        Assert.Throws<ArgumentException>(() => new FeatureCurve("x", 5, [new(1, new(0, 1, 1, 0))]));
    }
}
