using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class PatchingMethodTests
{
    public static TheoryData<string> Models => TinyTransformers.Names;

    // input, a0.h0, m0, logits; edges in the graph's order input->a, input->m, a->m, input->logits, a->logits, m->logits.
    // The loss is that of a table of what is removed; visits: m->logits, a->logits, input->logits, a->m, input->m, input->a.
    [Fact]
    public void Acdc_decides_as_worked_out_by_hand()
    {
        ComponentGraph graph = new(1, 1, parallelBlocks: false, 4);
        List<string> visits = [];
        Dictionary<string, double> losses = new()
        {
            ["111111"] = 1.0,  // all edges
            ["111110"] = 1.5,  // - m->logits: +.5 >= .1, kept
            ["111101"] = 1.05, // - a->logits: +.05 < .1, removed, and 1.05 is the new loss
            ["111001"] = 1.14, // - input->logits: +.09 < .1 of 1.05, removed, though +.14 of the first loss
            ["110001"] = 0.9,  // - a->m: the loss falls, removed
            ["100001"] = 1.01, // - input->m: +.11, not less than .1, kept
            ["010001"] = 0.9,  // - input->a: nothing changes, removed
        };
        (double[] rises, bool[] isKept) = AutomaticCircuitDiscovery.Visit(graph, 0.1, inCircuit =>
        {
            string state = string.Concat(inCircuit.Select(kept => kept ? '1' : '0'));
            visits.Add(state);
            return losses[state];
        });
        Assert.Equal(["111111", "111110", "111101", "111001", "110001", "100001", "010001"], visits);
        Assert.Equal([false, true, false, false, false, true], isKept);
        double[] expected = [0, 0.11, -0.24, 0.09, 0.05, 0.5];
        Assert.All(expected.Zip(rises), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Fact]
    public void Acdc_of_a_model_decides_by_its_patched_losses()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        DiscoveryTask task = TinyTasks.Create(TaskMetric.KullbackLeibler);
        TaskObjective objective = new(model, task);
        using PatchedTask patched = new(model, objective, TinyTasks.Whole(task));
        SlowPatching slow = new(model, TinyTasks.Whole(task).Clean);
        PatchingGraph graph = patched.Clean.Graph;
        using CircuitLasso.Tensors.TensorScope scope = new();
        CircuitLasso.Tensors.Tensor reference = objective.Reference(TinyTasks.Whole(task), patched.Clean.LogitsInput)!;
        (double[] rises, bool[] isKept) = AutomaticCircuitDiscovery.Visit(graph.Components, 0.01, inCircuit =>
        {
            EdgePatch patch = EdgePatch.Outside(graph, inCircuit, patched.Corrupt);
            float[] output = slow.Run((u, v) => patch[u, v]?[u].ToArray());
            return objective.Loss(TinyTasks.Whole(task), CircuitLasso.Tensors.Tensor.FromValues(output, output.Length / 12, 12), reference).Item();
        });
        ComponentDiscovery found = GradientAttributionTests.Discover("acdc", model, task, new DiscoveryOptions { AcdcThreshold = 0.01 });
        Assert.Equal(EdgeSelection.Prune(graph.Components, isKept), found.InCircuit);
        Assert.Contains(true, found.InCircuit);
        Assert.Contains(false, found.InCircuit);
        Assert.All(rises.Zip(found.Scores.Values.ToArray()), pair => GradientAttributionTests.AssertClose(Math.Max(0, pair.First), pair.Second, 1e-5));
        Assert.Equal(graph.Components.EdgeCount + 1, found.Diagnostics["evaluations"]);
    }

    [Fact]
    public void Acdc_refuses_what_does_not_fit_in_memory()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        InputException exception = Assert.Throws<InputException>(() => GradientAttributionTests.Discover("acdc", model, TinyTasks.Create(TaskMetric.KullbackLeibler), new DiscoveryOptions { MemoryBytes = 1 }));
        Assert.Contains("acdc holds all pairs in memory", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Exact_scores_are_rises_of_the_loss_by_the_slow_reference(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference, 2, 4, 3);
        TaskBatch batch = TinyTasks.Whole(task);
        TaskObjective objective = new(model, task);
        using PatchedTask patched = new(model, objective, batch);
        PatchingGraph graph = patched.Clean.Graph;
        SlowPatching slow = new(model, batch.Clean);
        double clean = Loss((_, _) => null);
        double[] together = GradientAttributionTests.Discover("exact", model, task).Scores.Values.ToArray();
        double[] apart = GradientAttributionTests.Discover("exact", model, task, new DiscoveryOptions { MemoryBytes = 1 }).Scores.Values.ToArray();
        int edge = 0;
        foreach ((int source, int target) in graph.Components.Edges)
        {
            HashSet<int> destinations = [.. graph.DestinationsOf(target)];
            float[] corrupt = patched.Corrupt[source].ToArray();
            double expected = Loss((u, v) => u == source && destinations.Contains(v) ? corrupt : null) - clean;
            GradientAttributionTests.AssertClose(expected, together[edge], 1e-5);
            GradientAttributionTests.AssertClose(expected, apart[edge++], 1e-5);
        }

        double Loss(Func<int, int, float[]?> given)
        {
            using CircuitLasso.Tensors.TensorScope scope = new();
            float[] output = slow.Run(given);
            return objective.Loss(batch, CircuitLasso.Tensors.Tensor.FromValues(output, output.Length / 12, 12), null).Item();
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Information_flow_is_the_share_of_proximity_averaged_over_real_positions(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference, 2, 4, 3);
        ComponentGraph graph = model.Components();
        PatchingGraph patching = new(model);
        double[] expected = new double[graph.EdgeCount];
        foreach (int[] text in task.Clean.Concat(task.Corrupt))
        {
            using DecomposedForward run = new(model, new TokenBatch([text]));
            float[][] values = new SlowPatching(model, new TokenBatch([text])).Values();
            for (int target = 1; target < graph.Nodes.Count; target++)
            {
                for (int position = 0; position < text.Length; position++)
                {
                    // What a target reads is the sum of its sources and the output biases of the layers before it.
                    double[] read = new double[12];
                    for (int column = 0; column < 12; column++)
                    {
                        read[column] = Enumerable.Range(0, graph.SourceCount(target)).Sum(source => (double)values[source][(position * 12) + column])
                            + Enumerable.Range(0, 2).Where(layer => graph.Contains(ComponentGraph.HeadName(layer, 0), graph.Nodes[target].Name))
                                .Sum(layer => model.Parameters.Find(ParameterRole.OutputBias, layer)?.ToArray()[column] ?? 0);
                    }

                    double[] near = [.. Enumerable.Range(0, graph.SourceCount(target))
                        .Select(source => Math.Max(0, read.Sum(Math.Abs) - read.Select((x, column) => Math.Abs(values[source][(position * 12) + column] - x)).Sum()))];
                    for (int source = 0; source < near.Length; source++)
                    {
                        expected[graph.EdgeIndex(source, target)] += near[source] / near.Sum() / 14;
                    }
                }
            }
        }

        double[] actual = GradientAttributionTests.Discover("ifr", model, task).Scores.Values.ToArray();
        Assert.All(expected.Zip(actual), pair => GradientAttributionTests.AssertClose(pair.First, pair.Second, 1e-5));
        Assert.Equal(patching.Components.EdgeCount, actual.Length);
    }
}
