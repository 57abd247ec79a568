using CircuitLasso.Models;

namespace CircuitLasso.Tests;

/// <summary>A model whose path is known: from its texts to the circuit, with every option at its default, and to what is left of the model's answer under ablation.</summary>
[Collection(ThreadCount.Collection)]
public sealed class PlantedModelTests
{
    private const int Texts = 400;
    private const int Pairs = 100;

    // Directions overlap, so that a mean in the place of everything else is not quite nothing to the path.
    private const double Whole = 0.03;
    private const double Nothing = 0.02;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_circuit_of_the_answer_is_exactly_the_planted_path_at_the_default_lambda(ulong seed)
    {
        using PlantedLanguageModel planted = new(seed);
        AssertPath(planted, planted.PlantedPath, Learn(planted, seed, keepPositions: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void With_positions_summed_the_circuit_is_the_same_path_without_them(ulong seed)
    {
        using PlantedLanguageModel planted = new(seed);
        FeatureNode[] path = [.. planted.PlantedPath.Select(node => node with { Position = FeatureNode.Everywhere })];
        AssertPath(planted, path, Learn(planted, seed, keepPositions: false));
        FeatureCircuitEvaluator evaluator = new(planted.Sites, HeldOut(planted, seed));
        CircuitEvaluation evaluation = evaluator.Evaluate(path, TestContext.Current.CancellationToken);
        Assert.Equal(1, evaluation.Faithfulness, Whole);
        Assert.Equal(0, evaluation.Completeness, Nothing);
        Assert.All(path, node => Assert.Equal(0, evaluator.Evaluate([node], TestContext.Current.CancellationToken).Completeness, Nothing));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void On_other_texts_the_circuits_nodes_are_the_behaviour_and_without_any_one_of_them_it_is_gone(ulong seed)
    {
        using PlantedLanguageModel planted = new(seed);
        IReadOnlyList<FeatureNode> found = FeatureRanking.NodesInCircuit(Learn(planted, seed, keepPositions: true).Circuit, planted.Sites);
        Assert.Equal(3, found.Count);
        FeatureCircuitEvaluator evaluator = new(planted.Sites, HeldOut(planted, seed), keepPositions: true);
        CircuitEvaluation Evaluate(IEnumerable<FeatureNode> nodes) => evaluator.Evaluate([.. nodes], TestContext.Current.CancellationToken);
        CircuitEvaluation all = Evaluate(found);
        Assert.Equal(1, all.Faithfulness, Whole);
        Assert.Equal(0, all.Completeness, Nothing);
        Assert.All(found, node => Assert.Equal(0, Evaluate([node]).Completeness, Nothing));

        // Nothing else is the behaviour, or is needed for it: not the confounders, nor the planted feature's copy, nor as many nodes as the path has, drawn at random or the strongest ones.
        FeatureNode[] others = [.. evaluator.Candidates.Except(found)];
        Assert.True(others.Length > 1000, $"{others.Length} other nodes");
        IEnumerable<FeatureNode>[] controls =
        [
            planted.Confounders,
            [planted.CopyOfPlanted],
            .. Enumerable.Range(0, 5).Select(draw => evaluator.Random((ulong)draw).Nodes.Except(found).Take(found.Count)),
            evaluator.ByActivation().Nodes.Except(found).Take(found.Count),
        ];
        Assert.All(controls, control =>
        {
            CircuitEvaluation evaluation = Evaluate(control);
            Assert.Equal(0, evaluation.Faithfulness, Nothing);
            Assert.Equal(1, evaluation.Completeness, Nothing);
        });

        // Nor are all of them together.
        Assert.Equal(0, Evaluate(others).Faithfulness, Nothing);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void On_other_texts_the_circuits_edges_are_the_behaviour_and_without_any_one_of_them_it_is_gone(ulong seed, bool isRecomputed)
    {
        using PlantedLanguageModel planted = new(seed);
        Circuit circuit = Learn(planted, seed, keepPositions: true).Circuit;
        CircuitEdge[] found = [.. circuit.Edges.Where(edge => edge.InCircuit)];
        Assert.Equal(3, found.Length);

        // Path patching, where the model itself makes nodes of what edges bring, or the rule by the coefficients that were learnt.
        FeatureEdgeEvaluator evaluator = new(planted.Sites, HeldOut(planted, seed), circuit, "planted");
        CircuitEvaluation Evaluate(IEnumerable<CircuitEdge> edges) =>
            isRecomputed ? evaluator.Recomputed([.. edges], TestContext.Current.CancellationToken) : evaluator.Learned([.. edges], TestContext.Current.CancellationToken);
        CircuitEvaluation all = Evaluate(found);
        Assert.Equal(1, all.Faithfulness, Whole);
        Assert.Equal(0, all.Completeness, Nothing);
        Assert.All(found, edge =>
        {
            Assert.Equal(0, Evaluate([edge]).Completeness, Nothing);
            Assert.Equal(0, Evaluate(found.Except([edge])).Faithfulness, Nothing);
        });
        CircuitEdge[] candidates = [.. circuit.Edges.Except(found)];
        Assert.NotEmpty(candidates);
        CircuitEvaluation others = Evaluate(candidates);
        Assert.Equal(0, others.Faithfulness, Nothing);
        Assert.Equal(1, others.Completeness, Whole);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_path_has_to_be_told_from_what_goes_along_with_the_answer_and_autoencoders_leave_something_out(ulong seed)
    {
        using PlantedLanguageModel planted = new(seed);
        Assert.All(HeldOut(planted, seed).Scores(planted.Model), score => Assert.True(score > 2, $"{score} with a planted word"));
        Assert.All(
            planted.Ask(PlantedTexts.DrawPairs(seed + 200, Pairs).Select(pair => (pair.Corrupt, pair.Corrupt))).Scores(planted.Model),
            score => Assert.True(Math.Abs(score) < 1, $"{score} without one"));
        string[] texts = PlantedTexts.Draw(seed + 100, Texts);
        double[] answers = Answers(planted, texts);
        SiteState[] states = FeaturePass.Record(planted.Sites, new TokenBatch([.. texts.Select(text => planted.Tokenizer.Encode(text))]));
        double Correlation(FeatureNode node) => Correlated([.. Enumerable.Range(0, Texts).Select(text =>
        {
            FeatureRow row = states[node.Site].Row((text * (PlantedTexts.LastPosition + 1)) + node.Position);
            int at = row.Indices.BinarySearch(node.Feature);
            return at < 0 ? 0 : (double)row.Values[at];
        })], answers);
        Assert.All(planted.Confounders, node => Assert.True(Correlation(node) > 0.4, $"{planted.Sites.NameOf(node)}: {Correlation(node)}"));
        Assert.True(Correlation(planted.CopyOfPlanted) > 0.99, $"the copy: {Correlation(planted.CopyOfPlanted)}");
        foreach (SiteState state in states)
        {
            state.Dispose();
        }

        TextSource source = TextSource.Open(Write(planted, texts));
        Assert.All(planted.Sites, place =>
        {
            Assert.True(place.Autoencoder.FeatureCount > place.Autoencoder.InputWidth);
            SparseAutoencoderStatistics statistics = SparseAutoencoderEvaluation.Measure(planted.Model, planted.Tokenizer, source, place.Autoencoder, skippedTokens: 1, cancellation: TestContext.Current.CancellationToken);
            Assert.InRange(statistics.ExplainedVariance, 0.5, 0.95);
        });
    }

    private static void AssertPath(PlantedLanguageModel planted, FeatureNode[] path, FeatureCircuitResult result)
    {
        Assert.True(result.Predictable);
        Assert.Equal(0, result.Missed);
        string[] names = [.. path.Select(planted.Sites.NameOf), "logits"];
        Assert.Equal(
            names.Zip(names.Skip(1), (source, target) => $"{source} -> {target}").Order(StringComparer.Ordinal),
            result.Circuit.Edges.Where(edge => edge.InCircuit).Select(edge => $"{edge.Source} -> {edge.Target}").Order(StringComparer.Ordinal));
        Assert.Equal(names.Order(StringComparer.Ordinal), result.Circuit.NodesInCircuit().Order(StringComparer.Ordinal));
    }

    private static FeatureCircuitResult Learn(PlantedLanguageModel planted, ulong seed, bool keepPositions)
    {
        string[] texts = PlantedTexts.Draw(seed + 100, Texts);
        CollectionOptions collection = new() { Sites = [], Autoencoders = planted.Sites, Pooling = keepPositions ? Pooling.None : Pooling.Sum };
        new ActivationCollector(planted.Model, planted.Folder, planted.Tokenizer, TextSource.Open(Write(planted, texts)), collection).Run(planted.PathOf("store"), cancellation: TestContext.Current.CancellationToken);
        using ActivationStoreReader store = ActivationStoreReader.Open(planted.PathOf("store"));
        return FeatureCircuitLearner.Learn(
            store, LearningTarget.Behaviour("yes less no", Answers(planted, texts), isAtEnd: true), new FeatureCircuitOptions { KeepPositions = keepPositions }, cancellation: TestContext.Current.CancellationToken);
    }

    private static BehaviourTask HeldOut(PlantedLanguageModel planted, ulong seed) => planted.Ask(PlantedTexts.DrawPairs(seed + 200, Pairs));

    private static double[] Answers(PlantedLanguageModel planted, string[] texts) => planted.Ask(texts.Select(text => (text, text))).Scores(planted.Model);

    private static string Write(PlantedLanguageModel planted, string[] texts)
    {
        string file = planted.PathOf("texts.txt");
        File.WriteAllLines(file, texts);
        return file;
    }

    private static double Correlated(double[] first, double[] second)
    {
        (double a, double b) = (first.Average(), second.Average());
        double Sum(Func<double, double, double> of) => first.Zip(second, (x, y) => of(x - a, y - b)).Sum();
        return Sum((x, y) => x * y) / Math.Sqrt(Sum((x, _) => x * x) * Sum((_, y) => y * y));
    }
}
