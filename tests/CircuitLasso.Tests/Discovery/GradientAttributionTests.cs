using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class GradientAttributionTests
{
    public static TheoryData<string, TaskMetric> Cases => new()
    {
        { "gpt2", TaskMetric.LogitDifference },
        { "gpt2", TaskMetric.Squares },
        { "llama", TaskMetric.CrossEntropy },
        { "parallel", TaskMetric.LogitDifference },
        { "no_norm_bidirectional_free_width", TaskMetric.CrossEntropy },
        { "neox", TaskMetric.CrossEntropy },
        { "gemma", TaskMetric.LogitDifference },
        { "qwen", TaskMetric.LogitDifference },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Eap_is_the_finite_difference_of_exact_patching_by_small_interpolations(string name, TaskMetric metric)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        DiscoveryTask task = TinyTasks.Create(metric);
        EdgeScores scores = Discover("eap", model, task).Scores;
        using PatchedTask patched = new(model, new TaskObjective(model, task), TinyTasks.Whole(task));
        const float Step = 0.003f;
        using ComponentValues ahead = Between(patched, Step);
        using ComponentValues behind = Between(patched, -Step);
        PatchingGraph graph = patched.Clean.Graph;
        foreach ((int source, int target) in graph.Components.Edges)
        {
            foreach (HeadInput part in Parts(graph, target))
            {
                int destination = graph.DestinationOf(target, part);
                EdgePatch one = new(graph) { [source, destination] = ahead };
                EdgePatch other = new(graph) { [source, destination] = behind };
                double expected = (patched.Loss(one) - patched.Loss(other)) / (2 * Step);
                AssertClose(expected, scores[graph.Components.Nodes[source].Name, graph.Components.Nodes[target].Name, part], 2e-3);
            }
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("gemma")]
    [InlineData("qwen")]
    [InlineData("no_norm_bidirectional_free_width")]
    public void Queries_keys_and_values_sum_to_the_derivative_by_the_whole_edge(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference);
        EdgeScores scores = Discover("eap", model, task).Scores;
        using PatchedTask patched = new(model, new TaskObjective(model, task), TinyTasks.Whole(task));
        const float Step = 0.003f;
        using ComponentValues ahead = Between(patched, Step);
        using ComponentValues behind = Between(patched, -Step);
        PatchingGraph graph = patched.Clean.Graph;
        foreach ((int source, int target) in graph.Components.Edges)
        {
            (string from, string to) = (graph.Components.Nodes[source].Name, graph.Components.Nodes[target].Name);
            EdgePatch one = new(graph);
            one.SetEdge(source, target, ahead);
            EdgePatch other = new(graph);
            other.SetEdge(source, target, behind);
            AssertClose((patched.Loss(one) - patched.Loss(other)) / (2 * Step), Parts(graph, target).Sum(part => scores[from, to, part]), 2e-3);
        }
    }

    // The twin of the fast passes: the decomposed run with its gradients, patched by nodes.
    [Theory]
    [InlineData("gpt2", TaskMetric.KullbackLeibler)]
    [InlineData("llama", TaskMetric.LogitDifference)]
    [InlineData("parallel", TaskMetric.CrossEntropy)]
    [InlineData("no_norm_bidirectional_free_width", TaskMetric.Squares)]
    [InlineData("gemma", TaskMetric.LogitDifference)]
    [InlineData("gemma", TaskMetric.KullbackLeibler)]
    [InlineData("qwen", TaskMetric.CrossEntropy)]
    public void Every_gradient_method_agrees_with_the_decomposed_run(string name, TaskMetric metric)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        DiscoveryTask task = TinyTasks.Create(metric);
        TaskBatch batch = TinyTasks.Whole(task);
        TaskObjective objective = new(model, task);
        PatchingGraph graph = new(model);
        using DecomposedForward clean = new(model, batch.Clean);
        using DecomposedForward corrupt = new(model, batch.Corrupt);
        using Tensor? reference = objective.Reference(batch, clean.LogitsInput);
        if (metric != TaskMetric.KullbackLeibler)
        {
            AssertScores("eap", [null], new DiscoveryOptions());
        }

        AssertScores("eap-ig", [.. Enumerable.Range(0, 3).Select(step => (step / 3f, (int[])[0]))], new DiscoveryOptions { Steps = 3 });
        int heads = graph.Components.Heads;
        List<(float, int[])?> passes = [];
        foreach (float share in (float[])[0.5f, 1])
        {
            passes.Add((share, [0]));
            for (int layer = 0; layer < 2; layer++)
            {
                int first = 1 + (layer * (heads + 1));
                passes.Add((share, [.. Enumerable.Range(first, heads)]));
                passes.Add((share, [first + heads]));
            }
        }

        AssertScores("eap-ig-activations", passes, new DiscoveryOptions { Steps = 2 });

        void AssertScores(string method, List<(float Share, int[] Nodes)?> passes, DiscoveryOptions options)
        {
            double[][] expected = [.. Enumerable.Range(0, graph.Destinations.Count).Select(destination => new double[graph.SourceCount(destination)])];
            foreach ((float Share, int[] Nodes)? pass in passes)
            {
                using TensorScope scope = new();
                EdgePatch patch = new(graph);
                if (pass is { } interpolated)
                {
                    ComponentValues values = Between(clean.Values, corrupt.Values, 1 - interpolated.Share);
                    Array.ForEach(interpolated.Nodes, node => patch.SetNode(node, values));
                }

                DestinationGradients gradients = clean.RunWithGradients(patch);
                objective.Loss(batch, gradients.LogitsInput, reference).Backward();
                for (int destination = 0; destination < expected.Length; destination++)
                {
                    float[] gradient = gradients.Gradient(destination);
                    for (int source = 0; source < expected[destination].Length; source++)
                    {
                        expected[destination][source] += gradient.Select((g, i) => g * ((double)corrupt.Values[source].ToArray()[i] - clean.Values[source].ToArray()[i])).Sum() / passes.Count;
                    }
                }
            }

            EdgeScores scores = Discover(method, model, task, options).Scores;
            foreach ((int source, int target) in graph.Components.Edges)
            {
                foreach (HeadInput part in Parts(graph, target))
                {
                    AssertClose(
                        expected[graph.DestinationOf(target, part)][source],
                        scores[graph.Components.Nodes[source].Name, graph.Components.Nodes[target].Name, part],
                        2e-5);
                }
            }
        }
    }

    [Theory]
    [InlineData("eap", 1)]
    [InlineData("eap-ig", 1)]
    [InlineData("eap-ig", 5)]
    public void On_a_linear_model_gradients_are_the_exact_effect_however_many_steps(string method, int steps)
    {
        using TransformerModel model = Linear();
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference);
        double[] exact = Discover("exact", model, task).Scores.Values.ToArray();
        EdgeScores scores = Discover(method, model, task, new DiscoveryOptions { Steps = steps }).Scores;
        Assert.Contains(exact, effect => Math.Abs(effect) > 0.01);
        int edge = 0;
        foreach ((int source, int target) in scores.Graph.Edges)
        {
            AssertClose(exact[edge++], scores[scores.Graph.Nodes[source].Name, scores.Graph.Nodes[target].Name], 1e-4);
        }
    }

    [Fact]
    public void With_more_steps_integrated_gradients_come_to_the_exact_effect_of_an_edge_into_an_mlp_that_nothing_else_changes()
    {
        // With no attention and one MLP the loss along the path depends on the input's edges into m0 and into the logits, each through a function of its own.
        using TransformerModel model = Linear(layers: 1, hiddenBias: 0, Activation.Gelu);
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference);
        double exact = Discover("exact", model, task).Scores["input", "m0"];
        double[] errors = [.. new[] { 1, 8, 64 }.Select(steps => Math.Abs(Discover("eap-ig", model, task, new DiscoveryOptions { Steps = steps }).Scores["input", "m0"] - exact))];
        Assert.True(errors[1] < 0.3 * errors[0] && errors[2] < 0.3 * errors[1], $"{string.Join(' ', errors)} of {exact}");
    }

    [Fact]
    public void One_step_of_integrated_gradients_is_the_gradient_at_the_corrupt_end()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        DiscoveryTask task = TinyTasks.Create(TaskMetric.CrossEntropy);
        EdgeScores atCorrupt = Discover("eap", model, task with { Clean = task.Corrupt, Corrupt = task.Clean }).Scores;
        EdgeScores oneStep = Discover("eap-ig", model, task, new DiscoveryOptions { Steps = 1 }).Scores;
        for (int part = 0; part < oneStep.SplitValues.Length; part++)
        {
            AssertClose(-atCorrupt.SplitValues[part], oneStep.SplitValues[part], 1e-5);
        }
    }

    [Fact]
    public void Heads_that_share_keys_and_values_share_the_scores_of_their_edges()
    {
        using TransformerModel model = TinyTransformers.Create("llama");
        EdgeScores scores = Discover("eap", model, TinyTasks.Create(TaskMetric.LogitDifference)).Scores;
        Assert.Equal(scores["m0", "a1.h0", HeadInput.Key], scores["m0", "a1.h1", HeadInput.Key]);
        Assert.Equal(scores["m0", "a1.h2", HeadInput.Value], scores["m0", "a1.h3", HeadInput.Value]);
        Assert.NotEqual(scores["m0", "a1.h0", HeadInput.Query], scores["m0", "a1.h1", HeadInput.Query]);
    }

    [Theory]
    [InlineData("eap")]
    [InlineData("eap-ig")]
    public void Scores_do_not_depend_on_the_batches_but_by_rounding_nor_on_threads_at_all(string method)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        DiscoveryTask task = TinyTasks.Create(TaskMetric.KullbackLeibler, 1, 4, 3, 5, 4, 6);
        double[] together = Discover(method, model, task).Scores.SplitValues.ToArray();
        double[] apart = Discover(method, model, task, new DiscoveryOptions { MemoryBytes = 1 }).Scores.SplitValues.ToArray();
        Assert.All(together.Zip(apart), pair => AssertClose(pair.First, pair.Second, 1e-5));
        Assert.Equal(together, ThreadCount.With(1, () => Discover(method, model, task).Scores.SplitValues.ToArray()));
    }

    [Fact]
    public void Where_the_divergence_has_no_gradient_eap_takes_answers_or_the_most_likely_classes()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        DiscoveryTask task = TinyTasks.Create(TaskMetric.KullbackLeibler);
        Assert.Equal(Scores(task with { Metric = TaskMetric.LogitDifference }), Scores(task));
        Assert.Equal(Scores(task with { Metric = TaskMetric.CrossEntropy }), Scores(task with { WrongClasses = null }));
        using TensorScope scope = new();
        int[][] likely = [.. task.Clean.Select((text, pair) =>
        {
            float[] logits = model.Forward(new TokenBatch([text])).ToArray();
            return task.ScoredPositions[pair].Select(p => Enumerable.Range(0, 13).MaxBy(token => logits[(p * 13) + token])).ToArray();
        })];
        Assert.Equal(Scores(task with { Metric = TaskMetric.CrossEntropy, Classes = likely }), Scores(task with { Classes = null, WrongClasses = null }));

        double[] Scores(DiscoveryTask own) => Discover("eap", model, own).Scores.SplitValues.ToArray();
    }

    [Fact]
    public void The_default_circuit_is_a_share_of_the_largest_score_pruned()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        ComponentDiscovery found = Discover("eap", model, TinyTasks.Create(TaskMetric.LogitDifference));
        Assert.Equal(EdgeSelection.Prune(found.Scores.Graph, EdgeSelection.AtLeastShareOfLargest(found.Scores, 0.2)), found.InCircuit);
        ComponentDiscovery all = Discover("eap", model, TinyTasks.Create(TaskMetric.LogitDifference), new DiscoveryOptions { RelativeThreshold = 0 });
        Assert.All(all.InCircuit, Assert.True);
        Assert.Equal(["collection", "gradients"], found.Seconds.Keys);
    }

    internal static ComponentDiscovery Discover(string method, TransformerModel model, DiscoveryTask task, DiscoveryOptions? options = null) =>
        DiscoveryMethods.Named(method).Discover(model, task, options ?? new DiscoveryOptions());

    internal static void AssertClose(double expected, double actual, double tolerance) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * (1 + Math.Abs(expected)), $"{expected} and {actual}");

    // No norm, heads that write nothing, and MLPs far from their kink.
    private static TransformerModel Linear(int layers = 2, float hiddenBias = 100, Activation activation = Activation.Relu)
    {
        ModelDescription description = TinyTransformers.Describe(
            NormalizationKind.None, TinyTransformers.Attention(2, 2, 4, bias: true), new MlpDescription(9, activation, false, true), layers);
        ModelParameters parameters = TinyTransformers.WithBiases(description, 3);
        for (int layer = 0; layer < layers; layer++)
        {
            parameters[new(ParameterRole.OutputWeight, layer)].CopyFrom(new float[12 * 8]);
            parameters[new(ParameterRole.MlpUpBias, layer)].CopyFrom([.. Enumerable.Repeat(hiddenBias, 9)]);
        }

        return new TransformerModel(description, parameters);
    }

    private static HeadInput[] Parts(PatchingGraph graph, int target) =>
        graph.Components.Nodes[target].Kind == CircuitNodeKind.AttentionHead ? Enum.GetValues<HeadInput>() : [HeadInput.Query];

    private static ComponentValues Between(PatchedTask patched, float share) => Between(patched.Clean.Values, patched.Corrupt, share);

    private static ComponentValues Between(ComponentValues clean, ComponentValues corrupt, float share) =>
        new([.. Enumerable.Range(0, clean.Count).Select(source => clean[source].Scale(1 - share).Add(corrupt[source].Scale(share)))]);
}
