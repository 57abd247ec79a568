using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class DecomposedForwardTests
{
    private static readonly int[] _lengths = [5, 3, 4];

    public static TheoryData<string> Models => TinyTransformers.Names;

    [Theory]
    [MemberData(nameof(Models))]
    public void Unpatched_run_is_the_ordinary_pass(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        TokenBatch batch = new(TinyTransformers.Texts(_lengths, 1));
        using DecomposedForward run = new(model, batch);
        SlowPatching slow = new(model, batch);
        AssertClose(slow.Run((_, _) => null), run.LogitsInput.ToArray(), batch);
        float[][] values = slow.Values();
        for (int source = 0; source < run.Graph.Sources; source++)
        {
            AssertClose(values[source], run.Values[source].ToArray(), batch);
        }

        using TensorScope scope = new();
        float[] logits = model.Forward(batch).ToArray();
        AssertClose(logits, model.Unembed(run.LogitsInput).ToArray(), batch);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Patching_everything_gives_the_other_run_and_patching_nothing_this_one_bit_for_bit(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        using DecomposedForward clean = new(model, new TokenBatch(TinyTransformers.Texts(_lengths, 1)));
        using DecomposedForward corrupt = new(model, new TokenBatch(TinyTransformers.Texts(_lengths, 1, corrupt: true)));
        using TensorScope scope = new();
        EdgePatch nothing = new(clean.Graph);
        EdgePatch everything = EdgePatch.Outside(clean.Graph, new bool[clean.Graph.Components.EdgeCount], corrupt.Values);
        EdgePatch self = EdgePatch.Outside(clean.Graph, new bool[clean.Graph.Components.EdgeCount], clean.Values);
        EdgePatch input = new(clean.Graph);
        input.SetNode(0, corrupt.Values);
        Assert.Equal(clean.LogitsInput.ToArray(), clean.RunPatched(nothing).ToArray());
        Assert.Equal(corrupt.LogitsInput.ToArray(), clean.RunPatched(everything).ToArray());
        Assert.Equal(clean.LogitsInput.ToArray(), clean.RunPatched(self).ToArray());

        // Everything follows from the input.
        Assert.Equal(corrupt.LogitsInput.ToArray(), clean.RunPatched(input).ToArray());
        Assert.NotEqual(clean.LogitsInput.ToArray(), corrupt.LogitsInput.ToArray());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_single_edge_agrees_with_the_slow_reference(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        TokenBatch batch = new(TinyTransformers.Texts([4, 3], 2));
        using DecomposedForward clean = new(model, batch);
        using DecomposedForward corrupt = new(model, new TokenBatch(TinyTransformers.Texts([4, 3], 2, corrupt: true)));
        SlowPatching slow = new(model, batch);
        for (int destination = 0; destination < clean.Graph.Destinations.Count; destination++)
        {
            for (int source = 0; source < clean.Graph.SourceCount(destination); source++)
            {
                EdgePatch patch = new(clean.Graph) { [source, destination] = corrupt.Values };
                float[] other = corrupt.Values[source].ToArray();
                using Tensor actual = clean.RunPatched(patch);
                AssertClose(slow.Run((u, v) => u == source && v == destination ? other : null), actual.ToArray(), batch);
            }
        }
    }

    [Theory]
    [InlineData("gpt2", 1)]
    [InlineData("gpt2", 2)]
    [InlineData("llama", 3)]
    [InlineData("parallel", 4)]
    [InlineData("no_norm_bidirectional_free_width", 5)]
    [InlineData("neox", 6)]
    [InlineData("gemma", 7)]
    [InlineData("gemma", 8)]
    [InlineData("qwen", 9)]
    public void Random_sets_of_edges_and_positions_with_all_kinds_of_values_agree_with_the_slow_reference(string name, int seed)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        TokenBatch batch = new(TinyTransformers.Texts(_lengths, seed));
        using DecomposedForward clean = new(model, batch);
        using DecomposedForward corrupt = new(model, new TokenBatch(TinyTransformers.Texts(_lengths, seed, corrupt: true)));
        using ComponentValues zero = ComponentValues.Zero(clean.Graph, batch.Count * batch.Positions);
        ComponentMeans means = new(clean.Graph);
        means.Add(batch, corrupt.Values);
        using ComponentValues mean = means.ValuesFor(batch);
        ComponentValues?[] kinds = [null, null, null, clean.Values, corrupt.Values, zero, mean];
        SlowPatching slow = new(model, batch);
        Random random = new(seed);
        for (int round = 0; round < 6; round++)
        {
            int[]? positions = round % 2 == 0 ? null : [0, 2];
            EdgePatch patch = new(clean.Graph) { Positions = positions };
            for (int destination = 0; destination < clean.Graph.Destinations.Count; destination++)
            {
                for (int source = 0; source < clean.Graph.SourceCount(destination); source++)
                {
                    patch[source, destination] = kinds[random.Next(kinds.Length)];
                }
            }

            using Tensor actual = clean.RunPatched(patch);
            float[] expected = slow.Run((u, v) => patch[u, v]?[u].ToArray(), positions is null ? null : position => positions.Contains(position));
            AssertClose(expected, actual.ToArray(), batch);

            using TensorScope scope = new();
            Assert.Equal(actual.ToArray(), clean.RunWithGradients(patch).LogitsInput.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_by_edges_are_finite_differences_of_what_the_edge_carries(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        TokenBatch batch = new(TinyTransformers.Texts([4, 3], 3));
        using DecomposedForward clean = new(model, batch);
        using DecomposedForward corrupt = new(model, new TokenBatch(TinyTransformers.Texts([4, 3], 3, corrupt: true)));
        EdgePatch around = new(clean.Graph);
        around.SetNode(2, corrupt.Values);
        foreach (EdgePatch? patch in (EdgePatch?[])[null, around])
        {
            using TensorScope scope = new();
            DestinationGradients gradients = clean.RunWithGradients(patch);
            Loss(gradients.LogitsInput).Backward();
            for (int destination = 0; destination < clean.Graph.Destinations.Count; destination++)
            {
                const int Source = 0;
                float[] value = clean.Values[Source].ToArray();
                float[] direction = [.. corrupt.Values[Source].ToArray().Zip(value, (b, a) => b - a)];
                double expected = (At(destination, patch, value, direction, 0.004f) - At(destination, patch, value, direction, -0.004f)) / 0.008;
                double actual = gradients.Gradient(destination).Zip(direction, (g, d) => (double)g * d).Sum();
                Assert.True(Math.Abs(expected - actual) <= 3e-3 * (1 + Math.Abs(actual)), $"{clean.Graph.Destinations[destination]}: {expected} {actual}");
            }
        }

        double At(int destination, EdgePatch? patch, float[] value, float[] direction, float step)
        {
            using TensorScope scope = new();
            Tensor moved = Tensor.FromValues([.. value.Zip(direction, (a, d) => a + (step * d))], batch.Count * batch.Positions, model.Description.Width);
            EdgePatch own = new(clean.Graph);
            for (int v = 0; v < clean.Graph.Destinations.Count; v++)
            {
                for (int u = 0; u < clean.Graph.SourceCount(v); u++)
                {
                    own[u, v] = patch?[u, v];
                }
            }

            own[0, destination] = new ComponentValues([moved]);
            return Loss(clean.RunPatched(own)).Item();
        }

        // The padding of the second text counts for nothing.
        Tensor Loss(Tensor residual) => model.Unembed(residual.SelectIndices(0, 1, 2, 3, 4, 5, 6)).Softmax().GatherLast([1, 2, 3, 4, 5, 6, 7]).Sum().Scale(10);
    }

    [Fact]
    public void Heads_that_share_a_key_head_share_its_edges()
    {
        using TransformerModel model = TinyTransformers.Create("llama");
        PatchingGraph graph = new(model);
        Assert.Equal(4 + 2 + 2 + 1, graph.Mlp(1) - graph.Mlp(0));
        int Head(int head) => graph.Components.IndexOf(ComponentGraph.HeadName(1, head));
        Assert.Equal(graph.DestinationOf(Head(0), HeadInput.Key), graph.DestinationOf(Head(1), HeadInput.Key));
        Assert.NotEqual(graph.DestinationOf(Head(1), HeadInput.Value), graph.DestinationOf(Head(2), HeadInput.Value));
        Assert.NotEqual(graph.DestinationOf(Head(0)), graph.DestinationOf(Head(1)));
        bool[] circuit = new bool[graph.Components.EdgeCount];
        circuit[graph.Components.EdgeIndex(0, Head(1))] = true;
        using ComponentValues zero = ComponentValues.Zero(graph, 1);
        EdgePatch patch = EdgePatch.Outside(graph, circuit, zero);
        Assert.Null(patch[0, graph.DestinationOf(Head(0), HeadInput.Key)]);
        Assert.NotNull(patch[0, graph.DestinationOf(Head(0))]);
        Assert.Null(patch[0, graph.DestinationOf(Head(1))]);
        Assert.NotNull(patch[0, graph.DestinationOf(Head(2), HeadInput.Key)]);
    }

    [Fact]
    public void A_patch_of_a_model_of_another_shape_is_refused()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        using TransformerModel other = TinyTransformers.Create("llama");
        using DecomposedForward run = new(model, new TokenBatch(TinyTransformers.Texts(_lengths, 1)));
        Assert.Throws<ArgumentException>(() => run.RunPatched(new EdgePatch(new PatchingGraph(other))));
    }

    // Rows beyond the end of a text mean nothing.
    private static void AssertClose(float[] expected, float[] actual, TokenBatch batch)
    {
        Assert.Equal(expected.Length, actual.Length);
        int width = expected.Length / (batch.Count * batch.Positions);
        for (int text = 0; text < batch.Count; text++)
        {
            for (int i = text * batch.Positions * width; i < ((text * batch.Positions) + batch.Lengths[text]) * width; i++)
            {
                Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 * (1 + Math.Abs(expected[i])), $"element {i}: {expected[i]} and {actual[i]}");
            }
        }
    }
}
