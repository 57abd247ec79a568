using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>The gates of a whole model whose MLPs are read by their hidden units.</summary>
public sealed class NonlinearTiedLassoTests
{
    [Theory]
    [InlineData(NormalizationKind.None, true, false, false)]
    [InlineData(NormalizationKind.None, false, false, true)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true, true, true)]
    public void Gates_solve_the_problem_of_the_parts_that_probes_show(NormalizationKind norm, bool causal, bool parallel, bool lastOnly)
    {
        using TransformerModel model = RegressionToy.Model(norm, causal, parallel);
        DiscoveryTask task = RegressionToy.Task(20, [4], lastOnly);
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(model, layout, false, layout.Samples, 1 << 20, null, default);
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped);
        using ProbedRelevance relevance = ProbedRelevance.Compute(contributions, regression, seed: 9);

        GatedCircuit circuit = GatedCircuit.Solve(contributions.Graph, relevance.Products, relevance.NodeVariation, new GateRule(0.15, 0.3, 2), default);

        ComponentGraph graph = model.Components();
        Assert.InRange(circuit.LargestRelativeGap, 0, 1e-7);
        for (int reader = 1; reader < graph.Nodes.Count; reader++)
        {
            int sources = graph.SourceCount(reader);
            float[] parts = relevance.Parts(reader).ToArray();
            int columns = parts.Length / sources;
            double[] gram = new double[sources * sources];
            for (int i = 0; i < gram.Length; i++)
            {
                gram[i] = Enumerable.Range(0, columns).Sum(k => (double)parts[((i / sources) * columns) + k] * parts[((i % sources) * columns) + k]);
            }

            double[] gates = new double[sources];
            double shut = gram.Sum() + Enumerable.Range(0, sources).Sum(u => gram[(u * sources) + u]);
            double node = Math.Min(1, relevance.NodeVariation[reader] / relevance.NodeVariation[^1]);
            new GateProblem(gram, sources).Solve(2 * 0.15 * shut / Math.Min(1, node * node / 0.09), gates, 1e-13);
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
    public void A_component_that_folds_its_source_at_the_mean_is_found_and_a_line_cannot_see_it()
    {
        using TransformerModel model = Folding();
        DiscoveryTask task = RegressionToy.Task(300, [3], lastOnly: false, classes: 2);

        ComponentDiscovery linear = DiscoveryMethods.Named("lasso").Discover(model, task, new DiscoveryOptions());
        ComponentDiscovery found = DiscoveryMethods.Named("lasso-nonlinear").Discover(model, task, new DiscoveryOptions());

        Assert.True(found.Diagnostics["mean_explained"] > linear.Diagnostics["mean_explained"] + 0.2);
        Assert.InRange(found.Scores["input", "m0"], 0.8, 1.2);
        Assert.Equal(["input-m0", "m0-logits"], Edges(found));
        Assert.Equal(1, found.Diagnostics["networks"]);
        Assert.Equal(0, linear.Diagnostics["networks"]);
        Assert.Equal(0, found.Diagnostics["missed"]);
    }

    [Fact]
    public void A_gated_mlp_is_fitted_by_a_line_and_the_diagnostics_say_so()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.RootMeanSquare, causal: true, gated: true);
        DiscoveryTask task = RegressionToy.Task(30, [4], lastOnly: true);

        ComponentDiscovery linear = DiscoveryMethods.Named("lasso").Discover(model, task, new DiscoveryOptions());
        ComponentDiscovery found = DiscoveryMethods.Named("lasso-nonlinear").Discover(model, task, new DiscoveryOptions());

        Assert.Equal(0, found.Diagnostics["networks"]);
        Assert.Equal(linear.Diagnostics["smallest_explained"], found.Diagnostics["smallest_explained"]);
        Assert.All(found.Scores.Values.ToArray(), score => Assert.InRange(score, 0, 2));
        Assert.Contains(found.Scores.Values.ToArray(), score => score > 0);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_for_any_number_of_threads_and_another_seed_gives_others()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.LayerWithoutParameters, true);
        DiscoveryTask task = RegressionToy.Task(120, [4, 6], lastOnly: false);
        double[] Scores(ulong seed) => DiscoveryMethods.Named("lasso-nonlinear").Discover(model, task, new DiscoveryOptions { Seed = seed }).Scores.Values.ToArray();
        int before = DeterministicParallel.Threads;
        try
        {
            DeterministicParallel.Threads = 1;
            double[] one = Scores(7);
            DeterministicParallel.Threads = 2;
            Assert.Equal(one, Scores(7));
            Assert.NotEqual(one, Scores(8));
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    private static string[] Edges(ComponentDiscovery found)
    {
        ComponentGraph graph = found.Scores.Graph;
        return [.. graph.Edges.Where((_, edge) => found.InCircuit[edge]).Select(edge => graph.Nodes[edge.Source].Name + "-" + graph.Nodes[edge.Target].Name)];
    }

    // A token is a number from -3 to 3 in coordinate 0; the MLP writes its absolute value to coordinate 1, and the logits are that and its negative.
    private static TransformerModel Folding()
    {
        ModelDescription description = new()
        {
            Family = "hooked_transformer",
            Layers = 1,
            Width = 2,
            VocabularySize = RegressionToy.Vocabulary,
            OutputSize = 2,
            MaximumPositions = 4,
            LearnedPositions = true,
            TiedEmbeddings = false,
            Normalization = new NormalizationDescription(NormalizationKind.None, 1e-5f),
            Attention = new AttentionDescription { Heads = 1, KeyValueHeads = 1, HeadWidth = 2, Causal = true, ScoreScales = [1] },
            Mlp = new MlpDescription(2, Activation.Relu, false, false),
        };
        return new TransformerModel(description, new ModelParameters(description, description.Parameters().ToDictionary(
            parameter => parameter.Key,
            parameter => Tensor.FromValues(parameter.Key.Role switch
            {
                ParameterRole.TokenEmbedding => [.. Enumerable.Range(0, RegressionToy.Vocabulary).SelectMany(token => (float[])[token - 3, 0])],
                ParameterRole.MlpUpWeight => [1, 0, -1, 0],
                ParameterRole.MlpDownWeight => [0, 0, 1, 1],
                ParameterRole.Unembedding => [0, 1, 0, -1],
                _ => new float[parameter.Shape.Aggregate((a, b) => a * b)],
            }, parameter.Shape))));
    }
}
