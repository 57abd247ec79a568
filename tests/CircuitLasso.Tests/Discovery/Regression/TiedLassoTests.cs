using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

/// <summary>The gates of a whole model, against the reader's contributions written out.</summary>
public sealed class TiedLassoTests
{
    [Theory]
    [InlineData(NormalizationKind.None, true, false, false)]
    [InlineData(NormalizationKind.None, false, false, true)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true, true, true)]
    public void Gates_solve_the_problem_of_contributions_that_relevance_shows(NormalizationKind norm, bool causal, bool parallel, bool lastOnly)
    {
        using TransformerModel model = RegressionToy.Model(norm, causal, parallel);
        DiscoveryTask task = RegressionToy.Task(20, [4], lastOnly);
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(model, layout, false, 0, 1 << 20, null, default);
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped);
        using ContributionGrams grams = new(contributions.Graph, layout.Samples * layout.ScoredSlots.Length * regression.Outputs.Directions);
        Dictionary<(int Source, int Reader), float[]> parts = [];
        BackwardRelevance relevance = BackwardRelevance.Compute(contributions, regression, (source, reader, projected) =>
        {
            grams.Add(source, reader, projected);
            lock (parts)
            {
                parts.Add((source, reader), projected.ToArray());
            }
        });

        GatedCircuit circuit = GatedCircuit.Solve(contributions.Graph, reader => grams[reader], relevance.NodeVariation, new GateRule(0.1, 1, 1), default);

        ComponentGraph graph = model.Components();
        Assert.InRange(circuit.LargestRelativeGap, 0, 1e-7);
        for (int reader = 1; reader < graph.Nodes.Count; reader++)
        {
            int sources = graph.SourceCount(reader);
            double[] gram = new double[sources * sources];
            for (int i = 0; i < gram.Length; i++)
            {
                gram[i] = parts[(i / sources, reader)].Zip(parts[(i % sources, reader)], (a, b) => (double)a * b).Sum();
            }

            double[] gates = new double[sources];
            double[] squares = [.. Enumerable.Range(0, sources).Select(u => gram[(u * sources) + u])];
            double shut = gram.Sum() + squares.Sum();
            double node = Math.Min(1, relevance.NodeVariation[reader] / relevance.NodeVariation[^1]);
            new GateProblem(gram, sources).Solve(2 * 0.1 * shut / node, gates, 1e-13);
            for (int source = 0; source < sources; source++)
            {
                // A gate at the level of the tolerance may fall on either side.
                if (gates[source] is 0 or > 1e-3)
                {
                    Assert.Equal(gates[source] > 0, circuit.Open[graph.EdgeIndex(source, reader)]);
                }
            }
        }

        Assert.Contains(true, circuit.Open);
        Assert.Contains(false, circuit.Open);
    }

    [Fact]
    public void The_default_circuit_is_what_is_open_pruned_to_paths()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.None, true);
        DiscoveryTask task = RegressionToy.Task(30, [4], lastOnly: false);

        ComponentDiscovery found = DiscoveryMethods.Named("lasso").Discover(model, task, new DiscoveryOptions());

        Assert.Equal(EdgeSelection.Prune(found.Scores.Graph, found.InCircuit), found.InCircuit);
        Assert.Contains(true, found.InCircuit);
        Assert.InRange(found.Diagnostics["largest_relative_gap"], 0, 1e-7);
        Assert.Equal(0, found.Diagnostics["missed"]);
        Assert.All(found.Scores.Values.ToArray(), score => Assert.True(score >= 0));
    }

    [Fact]
    public void The_same_bytes_for_any_number_of_threads()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.LayerWithoutParameters, true);
        DiscoveryTask task = RegressionToy.Task(40, [4, 6], lastOnly: true);
        int before = DeterministicParallel.Threads;
        try
        {
            DeterministicParallel.Threads = 1;
            double[] one = DiscoveryMethods.Named("lasso").Discover(model, task, new DiscoveryOptions()).Scores.Values.ToArray();
            DeterministicParallel.Threads = 3;
            Assert.Equal(one, DiscoveryMethods.Named("lasso").Discover(model, task, new DiscoveryOptions()).Scores.Values.ToArray());
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }
}
