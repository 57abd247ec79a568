using CircuitLasso.Regression;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class WholeTextsTests : IDisposable
{
    private const int Texts = 30;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Rows_of_a_store_that_is_not_pooled_are_grouped_by_text_across_shards(int textsPerBatch)
    {
        SampleStore sample = new(Pooling.None);
        sample.Write(_folder.PathOf("store"), textsPerBatch);
        using ActivationStoreReader store = ActivationStoreReader.Open(_folder.PathOf("store"));
        Assert.True(store.Manifest.Shards.Count > 3);
        RowGroups groups = StoreTexts.Groups(store)!;
        Assert.Equal(sample.Rows.Count, groups.Rows);
        Assert.Equal(sample.Rows.Select(row => row.Text).Distinct().Count(), groups.Count);
        int[] texts = [.. sample.Rows.Select(row => row.Text).Distinct()];
        Assert.Equal(sample.Rows.Select(row => row.Text), Enumerable.Range(0, groups.Rows).Select(row => texts[groups.GroupOf(row)]));
    }

    [Fact]
    public void Rows_of_a_pooled_store_stand_for_themselves()
    {
        new SampleStore(Pooling.Last).Write(_folder.PathOf("store"), 4);
        using ActivationStoreReader store = ActivationStoreReader.Open(_folder.PathOf("store"));
        Assert.Null(StoreTexts.Groups(store));
    }

    [Fact]
    public void Rows_without_a_target_leave_the_groups_of_the_others()
    {
        ArrayLearningData data = new(("a", 0, new float[7, 1]), ("b", 1, new float[7, 1])) { Groups = new RowGroups([0, 0, 4, 5, 5, 6, 6]) };
        (ILearningData kept, _) = DefinedRows.Keep(data, LearningTarget.Behaviour("logprob", [1, 2, double.NaN, 3, double.NaN, 4, 5]));
        Assert.Equal([0, 0, 1, 2, 2], Enumerable.Range(0, 5).Select(row => kept.Groups!.GroupOf(row)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_target_drawn_by_lot_for_each_text_is_not_predictable_from_copies_of_its_rows(bool isClass)
    {
        // Each text is eight equal rows, cut by runs of six, so that whoever has seen one of them knows the target of the others.
        Gaussian gaussian = new(3);
        double[,] input = gaussian.Matrix(Texts, 30), next = gaussian.Matrix(Texts, 2);
        double[] lots = gaussian.Numbers(Texts);
        int[] texts = [.. Enumerable.Range(0, Texts).SelectMany(text => Enumerable.Repeat(text, 8))];
        LearningTarget target = isClass
            ? LearningTarget.Label([.. texts.Select(text => lots[text] > 0 ? 1 : 0)], ["low", "high"])
            : LearningTarget.Behaviour("logprob", [.. texts.Select(text => lots[text])]);
        ArrayLearningData Data(RowGroups? groups) => new(("a", 0, Copies(input, texts)), ("b", 1, Copies(next, texts))) { Groups = groups };
        LearningOptions options = new() { Shuffles = 4, PathCount = 6, PathRatio = 0.1 };

        Circuit leaky = LassoLearner.Learn(Data(null), target, options).Circuit;
        Assert.True(leaky.Metrics["target_held_out_auc"] > 0.7);
        Circuit whole = LassoLearner.Learn(Data(new RowGroups(texts)), target, options).Circuit;
        Assert.InRange(whole.Metrics["target_held_out_auc"], 0.2, 0.68);
        Assert.Equal(0, whole.Metrics["target_predictable"]);
        if (!isClass)
        {
            Assert.True(leaky.Metrics["target_held_out_r2"] > whole.Metrics["target_held_out_r2"] + 0.1);
            Assert.True(whole.Metrics["target_held_out_r2"] < 0.1);
        }
    }

    [Fact]
    public void Groups_of_one_row_learn_the_same_circuit_as_rows_without_groups()
    {
        PlantedChain planted = new(200, seed: 3);
        LearningTarget target = LearningTarget.Behaviour("logprob", planted.Column(planted.Y, 0));
        LearningOptions options = new() { Shuffles = 2, PathCount = 5, StabilityPairs = 2 };
        ArrayLearningData plain = planted.WithoutTarget();
        LearningResult without = LassoLearner.Learn(plain, target, options), with = LassoLearner.Learn(new SingleRowGroups(plain), target, options);
        Assert.Equal(without.Circuit.Edges, with.Circuit.Edges);
        Assert.Equal(without.Circuit.Metrics.OrderBy(metric => metric.Key), with.Circuit.Metrics.OrderBy(metric => metric.Key));
    }

    private static float[,] Copies(double[,] values, int[] texts)
    {
        float[,] rows = new float[texts.Length, values.GetLength(1)];
        for (int row = 0; row < texts.Length; row++)
        {
            for (int column = 0; column < values.GetLength(1); column++)
            {
                rows[row, column] = (float)values[texts[row], column];
            }
        }

        return rows;
    }

    private sealed class SingleRowGroups(ILearningData data) : ILearningData
    {
        public IReadOnlyList<LearningBlock> Blocks => data.Blocks;

        public long Rows => data.Rows;

        public string Subject => data.Subject;

        public ComponentGraph? Components => data.Components;

        public IReadOnlyDictionary<string, string> Provenance => data.Provenance;

        public RowGroups Groups { get; } = new([.. Enumerable.Range(0, (int)data.Rows)]);

        public void ReadRows(long start, int count, Span<float> destination) => data.ReadRows(start, count, destination);
    }
}
