using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class PositionCircuitTests : IDisposable
{
    private const int Tokens = 4;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_circuit_is_exactly_a_planted_path_that_crosses_positions()
    {
        using ActivationStoreReader store = Planted(seed: 4, texts: 1200, features: 60).Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(
            store, StoreTarget.ReadByText(store, "score"), new() { KeepPositions = true }, cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.Predictable);
        Assert.Equal(0, result.Missed);
        Assert.Equal(
            ["resid_post.0/3@0->resid_post.1/11@2", "resid_post.0/8@2->resid_post.1/11@2", "resid_post.1/11@2->resid_post.2/20@3", "resid_post.2/20@3->logits"],
            result.Circuit.Edges.Where(edge => edge.InCircuit).Select(edge => $"{edge.Source}->{edge.Target}").Order(StringComparer.Ordinal));
        Assert.Equal(1200, result.Circuit.Metrics["rows"]);
    }

    [Theory]
    [InlineData(FeatureSources.Adjacent)]
    [InlineData(FeatureSources.All)]
    public void Coefficients_are_those_of_the_float64_Lasso_on_sources_at_the_same_and_earlier_positions(FeatureSources sources)
    {
        const double Ratio = 0.02;
        FeatureRows rows = Planted(seed: 3, texts: 150, features: 13);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(
            store, StoreTarget.ReadByText(store, "score"), new() { KeepPositions = true, Sources = sources, LambdaRatio = Ratio, MinimumRelevance = 0, Tolerance = 1e-11 }, cancellation: TestContext.Current.CancellationToken);
        double[] score = [.. Enumerable.Range(0, 150).Select(text => (double)rows.Score[(text * Tokens) + Tokens - 1])];
        AssertRegression(rows, result, "logits", sources == FeatureSources.All ? [0, 1, 2] : [2], Tokens - 1, score, Ratio);
        HashSet<int> positions = [];
        foreach (CircuitNode node in result.Circuit.Nodes.Where(node => node.Explained is not null && node.Kind == CircuitNodeKind.Feature))
        {
            FeatureNodeName name = FeatureNodeName.Parse(node.Name);
            int position = name.Position!.Value;
            AssertRegression(
                rows, result, node.Name, [.. Enumerable.Range(0, node.Place).Where(place => sources == FeatureSources.All || place == node.Place - 1)], position, Column(rows, name.Site, name.Feature!.Value, position), Ratio);
            positions.Add(position);
        }

        Assert.Equal(Tokens, positions.Count);
    }

    [Theory]
    [InlineData(true, FeatureRows.Sites, true)]
    [InlineData(false, FeatureRows.Sites, false)]
    [InlineData(true, FeatureRows.Sites + 1, false)]
    [InlineData(true, null, false)]
    public void What_the_model_says_at_the_end_is_read_from_the_last_position_where_no_layer_follows_and_all_texts_are_of_one_length(bool isAtEnd, int? layers, bool onlyFromTheLast)
    {
        FeatureRows rows = Planted(seed: 5, texts: 300, features: 20, layers);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(
            store,
            LearningTarget.Behaviour("score", StoreTarget.ReadByText(store, "score").Numbers!, isAtEnd),
            new() { KeepPositions = true, LambdaRatio = 0.001, MinimumRelevance = 0 },
            cancellation: TestContext.Current.CancellationToken);
        string[] sources = [.. result.Circuit.Edges.Where(edge => edge.Target == "logits").Select(edge => edge.Source)];
        Assert.NotEmpty(sources);
        Assert.Equal(onlyFromTheLast, sources.All(source => source.EndsWith("@3", StringComparison.Ordinal)));
    }

    [Fact]
    public void Texts_of_unequal_length_have_nothing_at_the_positions_that_they_lack()
    {
        FeatureRows rows = new(6, texts: 200, features: 12, pooling: Pooling.None, planted: false);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        LearningTarget target = StoreTarget.ReadByText(store, "score");
        int[] ends = [.. Enumerable.Range(0, rows.Rows.Length).Where(row => row + 1 == rows.Rows.Length || rows.Rows[row + 1].Text != rows.Rows[row].Text)];
        Assert.Equal(ends.Select(row => (double)rows.Score[row]), target.Numbers!);
        double[] third = [.. ends.Select(row => rows.Rows[row].Position == 2 ? (double)rows.Values("resid_post.2")[row, 4] : 0)];
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(
            store, LearningTarget.Behaviour("third", third), new() { KeepPositions = true, LambdaRatio = 0.001, ReadoutSite = "resid_post.2" }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1, result.Circuit.Edge("resid_post.2/4@2", "logits")!.Weight, 2e-2);
        Assert.Equal(1, result.Circuit["resid_post.2/4@2"].Relevance, 2e-2);
    }

    [Fact]
    public void A_texts_class_is_that_of_its_tokens()
    {
        FeatureRows rows = new(6, texts: 30, features: 13, pooling: Pooling.None);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        int[] firsts = [.. Enumerable.Range(0, rows.Rows.Length).Where(row => rows.Rows[row].Position == 0)];
        Assert.Equal(firsts.Select(row => rows.Rows[row].Label), StoreTarget.ReadByText(store, "label").Classes!);
    }

    [Theory]
    [InlineData("logprob", false)]
    [InlineData("mean_logprob", false)]
    [InlineData("logitdiff", true)]
    [InlineData("logit:cat", true)]
    public void A_texts_number_is_that_of_the_same_texts_collected_with_positions_pooled(string target, bool isAtEnd)
    {
        using TinyLanguageModel tiny = new();
        string path = tiny.WriteText("answers.tsv", TinyLanguageModel.Texts(25).Select(text => $"{text}\truns\trun").Prepend("text\tgood\tbad"));
        ActivationStoreReader Collect(Pooling pooling)
        {
            CollectionOptions options = tiny.Options("embed", pooling) with { Answers = ("good", "bad") };
            tiny.Collector(path, options, new TextOptions { TextColumn = "text", KeptColumns = ["good", "bad"] }).Run(tiny.PathOf($"store of {pooling}"));
            return ActivationStoreReader.Open(tiny.PathOf($"store of {pooling}"));
        }

        using ActivationStoreReader pooled = Collect(Pooling.Last), tokens = Collect(Pooling.None);
        LearningTarget expected = StoreTarget.Read(pooled, target), found = StoreTarget.ReadByText(tokens, target);
        Assert.Equal((expected.Name, isAtEnd, isAtEnd), (found.Name, found.IsAtEnd, expected.IsAtEnd));
        Assert.Equal(25, found.Numbers!.Length);
        for (int text = 0; text < 25; text++)
        {
            Assert.Equal(expected.Numbers![text], found.Numbers[text], 1e-4);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_byte_of_the_file()
    {
        using ActivationStoreReader store = Planted(seed: 8, texts: 200, features: 30).Write(_folder.PathOf("store"));
        byte[] Bytes(int threads) => ThreadCount.With(threads, () =>
        {
            string file = _folder.PathOf($"{threads}.circuit");
            CircuitFile.Write(
                FeatureCircuitLearner.Learn(store, StoreTarget.ReadByText(store, "score"), new() { KeepPositions = true, StabilityPairs = 2, MinimumRelevance = 0, PromptRow = 4 }, cancellation: TestContext.Current.CancellationToken).Circuit,
                file);
            return File.ReadAllBytes(file);
        });
        Assert.Equal(Bytes(1), Bytes(4));
    }

    [Fact]
    public void A_feature_at_a_position_can_be_explained_and_a_feature_without_one_is_refused()
    {
        using ActivationStoreReader store = Planted(seed: 9, texts: 600, features: 30).Write(_folder.PathOf("store"));
        Circuit Learn(string node, bool keepPositions = true) =>
            FeatureCircuitLearner.Learn(store, FeatureNodeName.Parse(node), new() { KeepPositions = keepPositions }, cancellation: TestContext.Current.CancellationToken).Circuit;
        Assert.Contains(Learn("resid_post.1/11@2").Edges, edge => edge.InCircuit && edge.Source == "resid_post.0/3@0");
        Assert.Contains("names no position", Assert.Throws<InputException>(() => Learn("resid_post.1/11")).Message, StringComparison.Ordinal);
        Assert.Contains("at a position that no text has", Assert.Throws<InputException>(() => Learn("resid_post.1/11@4")).Message, StringComparison.Ordinal);
        Assert.Contains("positions are not kept apart", Assert.Throws<InputException>(() => Learn("resid_post.1/11@2", keepPositions: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_of_pooled_positions_is_refused_in_one_line()
    {
        using ActivationStoreReader store = new FeatureRows(1, texts: 40, features: 12).Write(_folder.PathOf("store"));
        string message = Assert.Throws<InputException>(() => FeatureCircuitLearner.LearnAll(store, new() { KeepPositions = true })).Message;
        Assert.Contains("collect with --pool none", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("resid_post.5/3036@7", "resid_post.5", 3036, 7)]
    [InlineData("resid_post.5/error@0", "resid_post.5", null, 0)]
    [InlineData("resid_post.5/3036", "resid_post.5", 3036, null)]
    public void Names_of_nodes_at_positions_are_read_and_written_alike(string name, string site, int? feature, int? position)
    {
        Assert.Equal(new FeatureNodeName(site, feature, position), FeatureNodeName.Parse(name));
        Assert.Equal(name, FeatureNodeName.Parse(name).ToString());
    }

    [Theory]
    [InlineData("resid_post.5/3036@")]
    [InlineData("resid_post.5/3036@-1")]
    [InlineData("resid_post.5/3036@1@2")]
    [InlineData("resid_post.5@2")]
    [InlineData("resid_post.5/007")]
    [InlineData("resid_post.5/7@02")]
    [InlineData("@2")]
    public void Other_names_are_none_of_nodes_at_positions(string name) => Assert.Null(FeatureNodeName.TryParse(name));

    // Features 3 at the first and 8 at the third position of resid_post.0 make 11 at the third of resid_post.1, which makes 20 at the last of resid_post.2, which decides the number.
    private static FeatureRows Planted(int seed, int texts, int features, int? layers = null)
    {
        FeatureRows rows = new(seed, texts, features, error: 2, Pooling.None, planted: false, tokens: Tokens) { Layers = layers };
        Gaussian normal = new(seed + 100);
        float[,] first = rows.Values(FeatureRows.Name(0)), second = rows.Values(FeatureRows.Name(1)), third = rows.Values(FeatureRows.Name(2));
        for (int text = 0; text < texts; text++)
        {
            int row = text * Tokens;
            second[row + 2, 11] = Kept((0.9 * first[row, 3]) + (0.7 * first[row + 2, 8]) + (0.1 * normal.Next()));
            third[row + 3, rows.Last] = Kept((1.2 * second[row + 2, 11]) + (0.1 * normal.Next()));
            rows.Score[row + 3] = (float)((2 * third[row + 3, rows.Last]) + (0.3 * normal.Next()));
        }

        return rows;
    }

    private static float Kept(double value) => value > 0.25 ? (float)value : 0;

    private static double[] Column(FeatureRows rows, string site, int column, int position) =>
        [.. Enumerable.Range(0, rows.Rows.Length / Tokens).Select(text => (double)rows.Values(site)[(text * Tokens) + position, column])];

    private static void AssertRegression(FeatureRows rows, FeatureCircuitResult result, string node, int[] sites, int lastPosition, double[] target, double ratio)
    {
        (string Node, double[] Values)[] columns =
        [
            .. sites.SelectMany(site => Enumerable.Range(0, lastPosition + 1).SelectMany(position => new[] { FeatureRows.Name(site), FeatureRows.Name(site) + ".error" }.SelectMany(stored =>
                Enumerable.Range(0, rows.Values(stored).GetLength(1)).Select(j => (new FeatureNodeName(FeatureRows.Name(site), stored.EndsWith(".error", StringComparison.Ordinal) ? null : j, position).ToString(), Column(rows, stored, j, position)))))),
        ];
        double mean = target.Average(), lambda = ratio * 2 * columns.Max(column => Math.Abs(column.Values.Zip(target, (x, y) => x * (y - mean)).Sum()));
        float[,] x = new float[target.Length, columns.Length], y = new float[target.Length, 1];
        for (int row = 0; row < target.Length; row++)
        {
            y[row, 0] = (float)target[row];
            for (int j = 0; j < columns.Length; j++)
            {
                x[row, j] = (float)columns[j].Values[row];
            }
        }

        (double[] weights, _, _) = CircuitLasso.Regression.Tests.SlowLasso.Solve(x, y, 0, lambda, centred: true);
        foreach (IGrouping<string, int> group in Enumerable.Range(0, columns.Length).GroupBy(j => columns[j].Node))
        {
            double[] expected = [.. group.Select(j => weights[j])];
            double[] found = FeatureNodeName.Parse(group.Key).IsError
                ? [.. expected.Select((_, k) => result.Circuit.Coefficients.Where(part => (part.Source, part.Target, part.Coordinate) == (group.Key, node, k)).Sum(part => part.Value))]
                : [result.Circuit.Edge(group.Key, node)?.Weight ?? 0];
            for (int k = 0; k < expected.Length; k++)
            {
                Assert.Equal(expected[k], found[k], 1e-6);
            }
        }
    }
}
