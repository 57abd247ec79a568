using CircuitLasso.Numerics;
using CircuitLasso.Regression;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class EdgeStabilityTests : IDisposable
{
    private static readonly PlantedChain _planted = new(400, seed: 3);
    private static readonly LearningOptions _options = new() { LambdaRatio = 0.2, PathCount = 5, Shuffles = 1, StabilityPairs = 6, Seed = 5 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Planted_edges_come_back_in_every_half_and_noise_does_not(bool standardize)
    {
        LearningResult result = LassoLearner.Learn(_planted.WithTargetBlock(), null, _options with { Standardize = standardize, LambdaRatio = standardize ? 0.2 : 0.01 });
        foreach ((string source, string target) in PlantedChain.ChainEdges)
        {
            Assert.Equal(1, result.Circuit.Edge(source, target)!.Stability);
        }

        Assert.All(result.Circuit.Edges, edge => Assert.NotNull(edge.Stability));
        Assert.All(result.Circuit.Edges.Where(edge => edge.Source == "alone"), edge => Assert.InRange(edge.Stability!.Value, 0, 0.5));
        Assert.Equal(0, result.Circuit.Metrics["stability_missed"]);
        Assert.Equal("6 complementary pairs of half-samples, each of 10 of 20 folds", result.Circuit.Provenance["stability"]);

        // It survives the file.
        string file = _folder.PathOf("stable.circuit");
        CircuitFile.Write(result.Circuit, file);
        Assert.Equal(1, CircuitFile.Read(file).Edge("a", "b")!.Stability);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Edges_have_the_frequency_of_regressions_on_the_rows_themselves(bool standardize)
    {
        LearningTarget target = LearningTarget.Behaviour("logprob", [.. _planted.Column(_planted.Y, 0).Select(value => 10 * value)]);
        Circuit circuit = LassoLearner.Learn(_planted.WithoutTarget(), target, _options with { Standardize = standardize }).Circuit;
        Assert.Equal(1, circuit.Edge("c", "logits")!.Stability);

        // The same halves, from rows with the target as a last column: once for the blocks, once for the target alone.
        ArrayLearningData data = _planted.WithoutTarget();
        float[] rows = new float[400 * 20];
        data.ReadRows(0, 400, rows);
        double[] wide = [.. Enumerable.Range(0, 400).SelectMany(row => rows.Skip(row * 20).Take(20).Select(value => (double)value).Append((float)target.Numbers![row]))];
        using FoldedGramAccumulator accumulator = new(21, FoldAssignment.ForRows(400, 20));
        accumulator.Add(wide);
        using FoldedGramStatistics folds = accumulator.Finish();
        RegressionBlock[] blocks = [.. data.Blocks.Select((block, i) => new RegressionBlock(block.Name, 4 * i, 4, block.Place))];
        BlockOrder matrix = new([.. blocks, new("y", 20, 1, 9, BlockRole.SourceOnly)]);
        BlockOrder readout = new([.. blocks.Select(block => block with { Role = BlockRole.SourceOnly }), new("y", 20, 1, 9, BlockRole.TargetOnly)]);
        using BlockProblem problem = new(folds.All, readout, standardize: standardize);
        StabilityOptions options = new() { Pairs = 6, Seed = 5, Standardize = standardize };
        double[,] between = StabilitySelection.Run(folds, matrix, new L1Penalty(circuit.Metrics["lambda"]), options).BlockFrequencies;
        double[,] into = StabilitySelection.Run(folds, readout, new L1Penalty(circuit.Metrics["target_lambda"] / problem.Scales[20]), options).BlockFrequencies;
        foreach (CircuitEdge edge in circuit.Edges)
        {
            int source = Array.FindIndex(blocks, block => block.Name == edge.Source), reader = Array.FindIndex(blocks, block => block.Name == edge.Target);
            Assert.Equal(reader < 0 ? into[source, 5] : between[source, reader], edge.Stability);
        }
    }

    [Fact]
    public void Edges_into_classes_have_none_and_without_the_option_no_edge_has()
    {
        double[] y = _planted.Column(_planted.Y, 0);
        LearningTarget target = LearningTarget.Label([.. y.Select(value => value > 0 ? 1 : 0)], ["low", "high"]);
        Circuit circuit = LassoLearner.Learn(_planted.WithoutTarget(), target, _options).Circuit;
        Assert.All(circuit.Edges, edge => Assert.Equal(edge.Target == "y", edge.Stability is null));
        Circuit plain = LassoLearner.Learn(_planted.WithoutTarget(), target, _options with { StabilityPairs = 0 }).Circuit;
        Assert.All(plain.Edges, edge => Assert.Null(edge.Stability));
        Assert.False(plain.Metrics.ContainsKey("stability_missed"));
        Assert.Equal(plain.Edges.Select(edge => edge.Weight), circuit.Edges.Select(edge => edge.Weight));
        Assert.True(LassoLearner.EstimateBytes(_planted.WithoutTarget(), target, _options) > LassoLearner.EstimateBytes(_planted.WithoutTarget(), target, new LearningOptions()));
    }

    [Fact]
    public void Too_few_rows_for_its_folds_are_refused() =>
        Assert.Contains("20 folds", Assert.Throws<InputException>(() => LassoLearner.Learn(new PlantedChain(18, 1).WithTargetBlock(), null, _options)).Message, StringComparison.Ordinal);
}
