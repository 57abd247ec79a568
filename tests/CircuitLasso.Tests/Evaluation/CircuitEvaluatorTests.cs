using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class CircuitEvaluatorTests
{
    [Theory]
    [InlineData("gpt2", AblationValue.Corrupt)]
    [InlineData("gpt2", AblationValue.Mean)]
    [InlineData("parallel", AblationValue.Zero)]
    [InlineData("gemma", AblationValue.Mean)]
    [InlineData("qwen", AblationValue.Corrupt)]
    [InlineData("no_norm_bidirectional_free_width", AblationValue.Mean)]
    public void Losses_of_circuit_complement_and_nothing_are_those_of_the_slow_reference(string name, AblationValue ablation)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference, 3, 4, 4);
        TaskBatch batch = TinyTasks.Whole(task);
        CircuitEvaluator evaluator = new(model, task, ablation);
        ComponentGraph graph = evaluator.Graph;
        PatchingGraph patching = new(model);
        Random random = new(5);
        bool[] circuit = [.. graph.Edges.Select(_ => random.NextDouble() < 0.5)];
        float[][] corrupt = new SlowPatching(model, batch.Corrupt).Values();
        float[][] given = [.. corrupt.Select(values => ablation switch
        {
            AblationValue.Corrupt => values,
            AblationValue.Zero => new float[values.Length],
            _ => [.. values.Select((_, i) => (values[i % (4 * 12)] + values[(4 * 12) + (i % (4 * 12))]) / 2)],
        })];
        SlowPatching slow = new(model, batch.Clean);
        (int Source, int Target)[] edges = [.. graph.Edges];
        bool IsInside(int source, int destination, bool complement) =>
            edges.Where((edge, i) => circuit[i] != complement && edge.Source == source && patching.DestinationsOf(edge.Target).Contains(destination)).Any();
        CircuitEvaluation byEdges = evaluator.EvaluateEdges(circuit);
        GradientAttributionTests.AssertClose(Loss((_, _) => null), byEdges.ModelLoss, 1e-5);
        GradientAttributionTests.AssertClose(Loss((u, _) => given[u]), byEdges.EmptyLoss, 1e-5);
        GradientAttributionTests.AssertClose(Loss((u, v) => IsInside(u, v, false) ? null : given[u]), byEdges.CircuitLoss, 1e-5);
        GradientAttributionTests.AssertClose(Loss((u, v) => IsInside(u, v, true) ? null : given[u]), byEdges.ComplementLoss, 1e-5);

        bool[] few = new bool[circuit.Length];
        few[graph.EdgeIndex(0, graph.IndexOf("m0"))] = true;
        few[graph.EdgeIndex(graph.IndexOf("m0"), graph.Nodes.Count - 1)] = true;
        int middle = graph.IndexOf("m0");
        CircuitEvaluation byNodes = evaluator.EvaluateNodes(few);
        GradientAttributionTests.AssertClose(Loss((u, _) => u > 0 ? given[u] : null), byNodes.EmptyLoss, 1e-5);
        GradientAttributionTests.AssertClose(Loss((u, _) => u > 0 && u != middle ? given[u] : null), byNodes.CircuitLoss, 1e-5);
        GradientAttributionTests.AssertClose(Loss((u, _) => u == middle ? given[u] : null), byNodes.ComplementLoss, 1e-5);

        double Loss(Func<int, int, float[]?> patch)
        {
            using TensorScope scope = new();
            float[] output = slow.Run(patch);
            return new TaskObjective(model, task).Loss(batch, Tensor.FromValues(output, output.Length / 12, 12), null).Item();
        }
    }

    [Fact]
    public void The_whole_model_is_faithful_and_the_empty_circuit_is_not()
    {
        using TransformerModel model = TinyTransformers.Create("llama");
        CircuitEvaluator evaluator = new(model, TinyTasks.Create(TaskMetric.LogitDifference), memoryBytes: 1);
        CircuitEvaluation whole = evaluator.EvaluateEdges([.. evaluator.Graph.Edges.Select(_ => true)]);
        CircuitEvaluation empty = evaluator.EvaluateEdges(new bool[evaluator.Graph.EdgeCount]);
        Assert.Equal((1, 0), (whole.Faithfulness, whole.Completeness));
        Assert.Equal((0, 1), (empty.Faithfulness, empty.Completeness));
        Assert.Throws<ArgumentException>(() => evaluator.EvaluateEdges(new bool[3]));
        Assert.True(double.IsNaN(new CircuitEvaluation(1, 1, 2, 3).Faithfulness));
    }

    [Fact]
    public void Several_circuits_at_once_have_the_faithfulness_that_each_has_alone()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        CircuitEvaluator evaluator = new(model, TinyTasks.Create(TaskMetric.LogitDifference), memoryBytes: 1);
        Random random = new(7);
        bool[][] circuits = [.. Enumerable.Range(0, 4).Select(_ => evaluator.Graph.Edges.Select(_ => random.NextDouble() < 0.7).ToArray())];
        Assert.Equal(circuits.Select(circuit => evaluator.EvaluateEdges(circuit).Faithfulness), evaluator.Faithfulness(circuits));
        Assert.Throws<ArgumentException>(() => evaluator.Faithfulness([circuits[0], new bool[3]]));
    }

    [Fact]
    public void Faithfulness_and_completeness_are_shares_of_what_the_model_gains_over_nothing()
    {
        CircuitEvaluation evaluation = new(ModelLoss: -4, EmptyLoss: 1, CircuitLoss: -3, ComplementLoss: 0.5);
        Assert.Equal(0.8, evaluation.Faithfulness, 1e-12);
        Assert.Equal(0.1, evaluation.Completeness, 1e-12);
    }

    [Fact]
    public void Areas_under_a_curve_are_trapezoids()
    {
        CircuitCurve curve = new([new(0.1, 1, 0.5), new(0.5, 2, 1.5), new(1, 3, 1)]);
        Assert.Equal((0.4 * 1) + (0.5 * 1.25), curve.Cpr, 1e-12);
        Assert.Equal((0.4 * 0.5) + (0.5 * 0.25), curve.Cmd, 1e-12);
        Assert.Throws<ArgumentException>(() => new CircuitCurve([new(0.5, 1, 1), new(0.5, 1, 1)]));
    }

    [Theory]
    [InlineData("eap", true)]
    [InlineData("eap", false)]
    [InlineData("exact", true)]
    public void A_curve_holds_the_faithfulness_of_the_largest_edges_at_every_fraction(string method, bool isAbsolute)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference);
        EdgeScores scores = GradientAttributionTests.Discover(method, model, task).Scores;
        CircuitEvaluator evaluator = new(model, task);
        CircuitCurve curve = evaluator.Curve(scores, isAbsolute);
        Assert.Equal(CircuitCurve.Fractions, curve.Points.Select(point => point.Fraction));
        Assert.Equal(1, curve.Points[^1].Faithfulness);
        foreach (CircuitCurvePoint point in curve.Points)
        {
            bool[] circuit;
            if (point.Fraction == 1)
            {
                circuit = [.. Enumerable.Repeat(true, (int)scores.Graph.SplitEdgeCount)];
            }
            else if (scores.IsSplit)
            {
                circuit = SplitEdges.Prune(scores.Graph, SplitEdges.Top(scores, (int)(point.Fraction * scores.Graph.SplitEdgeCount), isAbsolute));
                Assert.Equal(circuit.Count(inside => inside), point.Edges);
            }
            else
            {
                bool[] whole = EdgeSelection.Prune(scores.Graph, EdgeSelection.Top(scores, (int)(point.Fraction * scores.Graph.EdgeCount)));
                Assert.Equal(whole.Count(inside => inside), point.Edges);
                circuit = SplitEdges.Of(scores.Graph, whole);
            }

            Assert.Equal(evaluator.EvaluateSplitEdges(circuit).Faithfulness, point.Faithfulness, 1e-6);
        }

        Assert.Throws<ArgumentException>(() => evaluator.Curve(new EdgeScores(new ComponentGraph(1, 3, false, 12), new double[15]), true));
    }

    [Fact]
    public void Parts_of_edges_are_chosen_by_score_and_go_with_their_paths()
    {
        // Parts: input->a q, k, v; input->m; a->m; input->logits; a->logits; m->logits.
        ComponentGraph graph = new(1, 1, parallelBlocks: false, 4);
        EdgeScores scores = EdgeScores.FromSplit(graph, [1, -5, 0, 2, 3, -1, 4, 0.5]);
        Assert.Equal("01001010", Text(SplitEdges.Top(scores, 3, isAbsolute: true)));
        Assert.Equal("00011010", Text(SplitEdges.Top(scores, 3, isAbsolute: false)));
        Assert.Equal("11011111", Text(SplitEdges.Top(scores, 99, isAbsolute: false)));
        Assert.Equal("01000010", Text(SplitEdges.Prune(graph, SplitEdges.Top(scores, 3, isAbsolute: true))));
        Assert.Equal("100010", Text(SplitEdges.Collapse(graph, SplitEdges.Prune(graph, SplitEdges.Top(scores, 3, isAbsolute: true)))));
        Assert.Equal("11100010", Text(SplitEdges.Of(graph, [true, false, false, false, true, false])));

        static string Text(bool[] chosen) => string.Concat(chosen.Select(value => value ? '1' : '0'));
    }
}
