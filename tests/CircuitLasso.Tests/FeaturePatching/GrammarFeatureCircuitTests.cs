using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class GrammarFeatureCircuitTests
{
    [Fact]
    public void Effects_on_the_demonstrations_model_find_nodes_that_matter_far_sooner_than_chance()
    {
        using TemporaryFolder folder = new();
        EmbeddedModel.Extract(folder.PathOf("model"));
        EmbeddedAutoencoders.Extract(folder.PathOf("saes"));
        using TransformerModel model = ModelCheckpoint.Load(folder.PathOf("model"));
        IReadOnlyList<SiteAutoencoder> loaded = SiteAutoencoder.Load([.. Directory.GetDirectories(folder.PathOf("saes"))]);
        AutoencoderSites sites = new(model, loaded);
        Assert.Equal(model.Description.Layers, sites.Count);
        string[] nouns = ["boy", "girl", "king", "teacher", "horse", "dog"];
        File.WriteAllLines(folder.PathOf("pairs.jsonl"), nouns.SelectMany(noun => (string[])
        [
            $$"""{"clean_prefix": "the {{noun}}", "patch_prefix": "the {{noun}}s", "clean_answer": " is", "patch_answer": " are"}""",
            $$"""{"clean_prefix": "the {{noun}}s", "patch_prefix": "the {{noun}}", "clean_answer": " are", "patch_answer": " is"}""",
        ]));
        BehaviourTask task = BehaviourTaskFile.Read(folder.PathOf("pairs.jsonl"), Tokenizer.Load(folder.PathOf("model")), model).Task;
        Assert.All(task.Scores(model), score => Assert.True(score > 0));
        FeatureCircuitEvaluator evaluator = new(sites, task);
        IReadOnlyList<int> counts = FeatureCurve.Counts(evaluator.Candidates.Count, 6);
        FeatureCurve effects = evaluator.Curve(FeatureRanking.ByEffect("sfc", new FeaturePatcher(sites, task).IntegratedGradients()), counts, cancellation: TestContext.Current.CancellationToken);
        FeatureCurve random = evaluator.Curve(evaluator.Random(1), counts, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1, effects.Points[^1].Evaluation.Faithfulness, 1e-3);
        Assert.True(effects.FaithfulnessArea < random.FaithfulnessArea - 0.1, $"{effects.FaithfulnessArea} {random.FaithfulnessArea}");
        Assert.True(effects.CompletenessArea < random.CompletenessArea - 0.1, $"{effects.CompletenessArea} {random.CompletenessArea}");
        foreach (SiteAutoencoder site in loaded)
        {
            site.Autoencoder.Dispose();
        }
    }
}
