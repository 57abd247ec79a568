using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class TiedRidgeTests
{
    [Theory]
    [InlineData(NormalizationKind.None, true, false, false)]
    [InlineData(NormalizationKind.None, false, false, true)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true, false, true)]
    [InlineData(NormalizationKind.Layer, false, true, false)]
    [InlineData(NormalizationKind.RootMeanSquare, true, true, true)]
    public void Regressions_and_relevance_equal_the_dense_computation(NormalizationKind norm, bool causal, bool parallel, bool lastOnly) =>
        AssertEqualsDense(RegressionToy.Model(norm, causal, parallel), RegressionToy.Task(15, [4], lastOnly), pooled: false);

    [Theory]
    [InlineData(NormalizationKind.None, true, true)]
    [InlineData(NormalizationKind.None, false, false)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true, true)]
    [InlineData(NormalizationKind.RootMeanSquare, false, true)]
    public void Texts_of_unequal_lengths_are_pooled_by_pattern_as_the_dense_computation_does(NormalizationKind norm, bool causal, bool lastOnly) =>
        AssertEqualsDense(RegressionToy.Model(norm, causal), RegressionToy.Task(20, [4, 2, 5], lastOnly), pooled: true);

    [Theory]
    [InlineData(NormalizationKind.None, true, 1)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true, 1)]
    [InlineData(NormalizationKind.Layer, true, 3)]
    [InlineData(NormalizationKind.RootMeanSquare, false, 2)]
    public void Heads_of_texts_with_few_outputs_are_passed_together_as_the_dense_computation_does(NormalizationKind norm, bool causal, int outputs)
    {
        using (TransformerModel model = RegressionToy.Model(norm, causal, outputs: outputs))
        {
            SampleLayout layout = new(RegressionToy.Task(20, [4, 2, 5], lastOnly: true, classes: outputs));
            using ComponentContributions contributions = ContributionCollector.Collect(model, layout, true, 0, 1 << 16, null, default);
            Assert.True(RowReaders.SuitsHeads(contributions, 2, Math.Max(1, outputs - 1)));
        }

        AssertEqualsDense(RegressionToy.Model(norm, causal, outputs: outputs), RegressionToy.Task(20, [4, 2, 5], lastOnly: true, classes: outputs), pooled: true);
    }

    [Fact]
    public void Longer_texts_are_pooled() =>
        AssertEqualsDense(RegressionToy.Model(NormalizationKind.None, true), RegressionToy.Task(8, [33], lastOnly: true), pooled: true);

    [Fact]
    public void One_output_is_a_number_and_not_centred_over_classes() =>
        AssertEqualsDense(RegressionToy.Model(NormalizationKind.None, true, outputs: 1), RegressionToy.Task(15, [4], lastOnly: false, classes: 1), pooled: false);

    [Fact]
    public void Scores_are_shares_of_the_reader_times_the_readers_share_and_the_circuit_is_pruned()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.None, true);
        DiscoveryTask task = RegressionToy.Task(30, [4], lastOnly: false);
        ComponentDiscovery found = new TiedRidgeDiscovery().Discover(model, task, new DiscoveryOptions());
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(model, layout, false, 0, 1 << 20, null, default);
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Wide);
        BackwardRelevance relevance = BackwardRelevance.Compute(contributions, regression);
        ComponentGraph graph = model.Components();
        foreach ((int source, int target) in graph.Edges)
        {
            double sum = Enumerable.Range(0, graph.SourceCount(target)).Sum(u => relevance.EdgeVariation[(int)graph.EdgeIndex(u, target)]);
            double node = Math.Min(1, relevance.NodeVariation[target] / relevance.NodeVariation[^1]);
            int edge = (int)graph.EdgeIndex(source, target);
            Assert.Equal(relevance.EdgeVariation[edge] / sum * node, found.Scores.Values[edge], 1e-12);
        }

        Assert.Equal(EdgeSelection.Prune(graph, EdgeSelection.AtLeast(found.Scores, 0.13)), found.InCircuit);
        Assert.Contains(true, found.InCircuit);
        Assert.InRange(found.Diagnostics["output_explained"], 0.5, 1);
    }

    [Fact]
    public void The_scores_are_the_same_for_any_number_of_threads_and_any_batches()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.LayerWithoutParameters, true);
        DiscoveryTask task = RegressionToy.Task(40, [4, 6], lastOnly: true);
        int before = DeterministicParallel.Threads;
        try
        {
            DeterministicParallel.Threads = 1;
            double[] one = new TiedRidgeDiscovery().Discover(model, task, new DiscoveryOptions()).Scores.Values.ToArray();
            DeterministicParallel.Threads = 3;
            Assert.Equal(one, new TiedRidgeDiscovery().Discover(model, task, new DiscoveryOptions()).Scores.Values.ToArray());
            double[] batches = new TiedRidgeDiscovery().Discover(model, task, new DiscoveryOptions { MemoryBytes = 40_000 }).Scores.Values.ToArray();
            Assert.All(one, (score, edge) => Assert.Equal(score, batches[edge], 1e-5));
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void Fewer_pairs_than_folds_are_refused()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.None, true);
        InputException exception = Assert.Throws<InputException>(() => new TiedRidgeDiscovery().Discover(model, RegressionToy.Task(4, [4], false), new DiscoveryOptions()));
        Assert.Contains("folds", exception.Message, StringComparison.Ordinal);
    }

    private static void AssertEqualsDense(TransformerModel model, DiscoveryTask task, bool pooled)
    {
        using (model)
        {
            SampleLayout layout = new(task);
            Assert.Equal(pooled, TiedRegression.IsPooled(layout, model.Description.Width));
            using ComponentContributions contributions = ContributionCollector.Collect(model, layout, pooled, 0, 1 << 16, null, default);
            TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Wide);
            BackwardRelevance relevance = BackwardRelevance.Compute(contributions, regression);
            (double[] edges, double[] nodes) = new ExplicitTiedRidge(model, layout, pooled).Compute([.. regression.Maps.Select(map => map?.Share ?? 0)]);
            Assert.All(nodes, (value, node) => Assert.Equal(value, relevance.NodeVariation[node], 1e-4 * nodes.Max()));
            Assert.All(edges, (value, edge) => Assert.Equal(value, relevance.EdgeVariation[edge], 1e-4 * edges.Max()));
            Assert.True(edges.Max() > 0);
        }
    }
}
