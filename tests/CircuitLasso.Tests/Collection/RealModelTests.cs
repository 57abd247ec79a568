using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>Real models on real text.</summary>
public sealed class RealModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // The reference value is a mean over all predicted tokens of the 40 texts, computed in float64.
    [Theory]
    [InlineData("stories260k")]
    [InlineData("tinystories-656k")]
    public void The_mean_loss_of_the_first_paragraphs_of_40_stories_equals_the_reference(string name)
    {
        string folder = SharedData.Require(name);
        string[] stories = JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(SharedData.Require("text", "tinystories_1000.json")))!;
        using NpzFile reference = new(SharedData.Require("reference", name + ".npz"));
        using NumPyArray expected = reference.Read("nll40");
        string text = _folder.PathOf("paragraphs.json");
        File.WriteAllText(text, JsonSerializer.Serialize(stories[..40].Select(story => story.Split("\n\n")[0])));

        using TransformerModel model = ModelCheckpoint.Load(folder);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        CollectionOptions options = new() { Sites = [new Site(SiteKind.Embedding)], Pooling = Pooling.None, MaximumTokens = 256 };
        new ActivationCollector(model, folder, tokenizer, TextSource.Open(text, new TextOptions()), options).Run(_folder.PathOf("store"));
        using ActivationStoreReader store = ActivationStoreReader.Open(_folder.PathOf("store"));
        float[] logProbabilities = new float[store.RowCount];
        store.ReadTarget("logprob", 0, logProbabilities);
        double[] predicted = [.. logProbabilities.Where(value => !float.IsNaN(value)).Select(value => (double)value)];

        Assert.Equal(store.RowCount - 40, predicted.Length);
        Assert.Equal(expected.AsDoubles()[0], -predicted.Average(), 1e-4);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void The_circuit_for_the_log_probability_of_every_CoLA_sentence_is_learnt_and_acceptability_is_answered_honestly()
    {
        string folder = SharedData.Require("stories260k");
        TextSource text = TextSource.Open(SharedData.Require("cola", "in_domain_train.tsv"), new TextOptions { TextColumn = "4", LabelColumn = "2" });
        using (TransformerModel model = ModelCheckpoint.Load(folder))
        {
            CollectionOptions options = new() { Sites = CollectionOptions.ComponentSites(model.Description) };
            CollectionResult collected = new ActivationCollector(model, folder, Tokenizer.Load(folder), text, options)
                .Run(_folder.PathOf("store"), cancellation: TestContext.Current.CancellationToken);
            Assert.Equal((8551, 8551L, 0), (collected.Texts, collected.Rows, collected.CutTexts));
        }

        using ActivationStoreReader store = ActivationStoreReader.Open(_folder.PathOf("store"));
        StoreLearningData data = new(store);
        Assert.Equal((5 * 9) + 1, data.Blocks.Count);
        LearningOptions few = new() { PathCount = 8, Shuffles = 4 };

        Circuit sentence = Learn(data, StoreTarget.Read(store, "logprob"), few, out bool predictable);
        Assert.True(predictable);
        Assert.True(sentence.Metrics["target_held_out_r2"] > 0.5, $"held-out R2 is {sentence.Metrics["target_held_out_r2"]}");
        Assert.Contains(sentence.Edges, edge => edge is { InCircuit: true, Target: "logits" });
        Assert.Contains(sentence.Edges, edge => edge.InCircuit && edge.Target != "logits");
        Assert.All(sentence.Edges, edge => Assert.True(edge.EntersAtLambda > 0));

        Circuit acceptability = Learn(data, StoreTarget.Read(store, "label"), few, out bool acceptable);
        double area = acceptability.Metrics["target_held_out_auc"];
        Assert.InRange(area, 0.4, 0.7);
        Assert.InRange(acceptability.Metrics["target_shuffled_auc_mean"], 0.45, 0.55);
        Assert.Equal(acceptable ? 1 : 0, acceptability.Metrics["target_predictable"]);
        Assert.Equal(acceptable, acceptability.Edges.Any(edge => edge.InCircuit));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"R2 {sentence.Metrics["target_held_out_r2"]:F3}, {sentence.Edges.Count(edge => edge.InCircuit)} edges; AUC {area:F3}, shuffled at most {acceptability.Metrics["target_shuffled_auc_max"]:F3}, predictable {acceptable}");
    }

    private static Circuit Learn(ILearningData data, LearningTarget target, LearningOptions options, out bool predictable)
    {
        LearningResult result = LassoLearner.Learn(data, target, options, null, TestContext.Current.CancellationToken);
        Assert.Equal(0, result.MissedTargets);
        predictable = result.Predictable;
        return result.Circuit;
    }
}
