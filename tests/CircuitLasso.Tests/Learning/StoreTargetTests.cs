using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class StoreTargetTests : IDisposable
{
    private static readonly string[] _texts = TinyLanguageModel.Texts(300);
    private readonly TinyLanguageModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_label_and_the_recorded_targets_are_read_row_by_row()
    {
        using ActivationStoreReader store = Collect();
        LearningTarget label = StoreTarget.Read(store, "label");
        Assert.Equal("y", label.NodeName);
        Assert.Equal(["even", "odd"], label.ClassNames.Order());
        Assert.Equal(_texts.Select((_, i) => i % 3 == 0 ? "odd" : "even"), label.Classes!.Select(c => label.ClassNames[c]));
        Assert.Null(label.Numbers);

        LearningTarget logProbability = StoreTarget.Read(store, "logprob");
        float[] stored = new float[_texts.Length];
        store.ReadTarget("logprob", 0, stored);
        Assert.Equal(stored.Select(value => (double)value), logProbability.Numbers!);
        Assert.Equal("logits", logProbability.NodeName);
        Assert.Null(logProbability.Classes);
    }

    [Fact]
    public void The_mean_log_probability_is_that_of_a_direct_pass_over_the_tokens_after_the_first()
    {
        using ActivationStoreReader store = Collect();
        LearningTarget mean = StoreTarget.Read(store, "mean_logprob");
        Assert.Equal(("mean_logprob", "logits"), (mean.Name, mean.NodeName));
        for (int row = 0; row < _texts.Length; row += 7)
        {
            int[] ids = _tiny.Tokenizer.Encode(_texts[row]);
            float[][] logits = _tiny.LogitsAlone(ids);
            double expected = Enumerable.Range(1, ids.Length - 1).Average(token => logits[token - 1][ids[token]] - Math.Log(logits[token - 1].Sum(logit => Math.Exp(logit))));
            Assert.Equal(expected, mean.Numbers![row], 1e-4);
        }
    }

    [Fact]
    public void Logits_and_their_differences_equal_those_of_a_direct_pass()
    {
        using ActivationStoreReader store = Collect();
        LearningTarget runs = StoreTarget.Read(store, "logit:runs");
        LearningTarget difference = StoreTarget.Read(store, "logitdiff:cats,us", _tiny.Folder);
        LearningTarget special = StoreTarget.Read(store, "logit:<s>");
        Assert.Equal("logit:runs", runs.Name);
        Assert.Equal("logitdiff:cats,us", difference.Name);
        int Id(string word) => Array.IndexOf(TinyLanguageModel.Words, word);
        for (int row = 0; row < _texts.Length; row += 7)
        {
            float[] logits = _tiny.LogitsAlone(_tiny.Tokenizer.Encode(_texts[row]))[^1];
            Assert.Equal(logits[Id("runs")], runs.Numbers![row], 1e-4);
            Assert.Equal(logits[Id("cats")] - logits[Id("us")], difference.Numbers![row], 1e-4);
            Assert.Equal(logits[Id("<s>")], special.Numbers![row], 1e-4);
        }
    }

    [Theory]
    [InlineData("logit:unheard", "'unheard' is not one token")]
    [InlineData("logit:the cat", "'the cat' is not one token")]
    [InlineData("logit:", "'' is not one token")]
    [InlineData("logitdiff:cat", "does not name two tokens")]
    [InlineData("logitdiff:cat,cats,us", "does not name two tokens")]
    [InlineData("logitdiff:cat,unheard", "'unheard' is not one token")]
    [InlineData("perplexity", "has no target perplexity")]
    public void A_target_that_does_not_exist_is_refused(string name, string problem)
    {
        using ActivationStoreReader store = Collect();
        Assert.Contains(problem, Assert.Throws<InputException>(() => StoreTarget.Read(store, name)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_made_by_another_model_is_refused_with_both_names()
    {
        using ActivationStoreReader store = Collect();
        using TinyLanguageModel other = new(seed: 99);
        InputException exception = Assert.Throws<InputException>(() => StoreTarget.Read(store, "logit:cat", other.Folder));
        Assert.Equal(store.Folder, exception.Subject);
        Assert.Equal($"is a store made by another model than {other.Folder}", exception.Problem);
        string gone = _tiny.PathOf("gone");
        Assert.Equal(gone, Assert.Throws<InputException>(() => StoreTarget.Read(store, "logit:cat", gone)).Subject);
    }

    [Fact]
    public void A_label_that_was_not_collected_is_refused()
    {
        string text = _tiny.WriteText("plain.txt", _texts);
        _tiny.Collector(text, _tiny.Options("embed")).Run(_tiny.PathOf("plain"));
        using ActivationStoreReader store = ActivationStoreReader.Open(_tiny.PathOf("plain"));
        Assert.Contains("holds no labels", Assert.Throws<InputException>(() => StoreTarget.Read(store, "label")).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_circuit_of_a_whole_collection_has_components_and_reaches_the_logits()
    {
        using ActivationStoreReader store = Collect("components");
        StoreLearningData data = new(store);
        LearningResult result = LassoLearner.Learn(data, StoreTarget.Read(store, "logitdiff:cat,run"));
        Assert.True(result.Predictable);
        Assert.Equal(0, result.MissedTargets);
        Assert.NotNull(result.Circuit.Components);
        Assert.Equal("logits", result.Circuit.Target.Name);
        Assert.Equal("logitdiff:cat,run", result.Circuit.Target.Label);
        Assert.Contains(result.Circuit.Edges, edge => edge is { InCircuit: true, Target: "logits" });
        Assert.All(result.Circuit.Edges, edge => Assert.True(data.Components!.Contains(edge.Source, edge.Target)));
    }

    private ActivationStoreReader Collect(string sites = "embed")
    {
        string text = _tiny.WriteText("labelled.tsv", _texts.Select((text, i) => $"{(i % 3 == 0 ? "odd" : "even")}\t{text}"));
        _tiny.Collector(text, _tiny.Options(sites), new TextOptions { TextColumn = "2", LabelColumn = "1" }).Run(_tiny.PathOf("store"));
        return ActivationStoreReader.Open(_tiny.PathOf("store"));
    }
}
