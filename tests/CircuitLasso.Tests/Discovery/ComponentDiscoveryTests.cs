using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class ComponentDiscoveryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Scores_and_circuit_come_back_from_the_circuit_that_is_made_of_them(bool parallel)
    {
        ComponentGraph graph = new(3, 2, parallel, 8);
        Random random = new(4);
        ComponentDiscovery discovery = new()
        {
            Scores = new EdgeScores(graph, [.. graph.Edges.Select(_ => random.NextDouble() - 0.5)]),
            InCircuit = [.. graph.Edges.Select(_ => random.NextDouble() < 0.3)],
        };
        ComponentDiscovery back = ComponentDiscovery.FromCircuit(discovery.ToCircuit(), "a.circuit");
        Assert.Equal(discovery.Scores.Values, back.Scores.Values);
        Assert.Equal(discovery.InCircuit, back.InCircuit);
    }

    [Fact]
    public void Candidates_that_a_circuit_does_not_name_are_outside_with_score_0()
    {
        ComponentGraph graph = new(1, 2, parallelBlocks: false, 8);
        Circuit circuit = new(graph.Nodes.Select(node => node.ToCircuitNode()), [new CircuitEdge("a0.h1", "logits", -2)]) { Components = graph };
        ComponentDiscovery discovery = ComponentDiscovery.FromCircuit(circuit, "a.circuit");
        Assert.Equal(-2, discovery.Scores["a0.h1", "logits"]);
        Assert.Equal(1, discovery.Scores.Values.ToArray().Count(score => score != 0));
        Assert.Equal(1, discovery.InCircuit.Count(inside => inside));
    }

    [Fact]
    public void A_shape_that_no_model_has_is_refused_with_the_name_of_the_file()
    {
        ComponentGraph graph = new(1 << 13, 8, parallelBlocks: false, 8);
        Circuit circuit = new([new CircuitNode("input", CircuitNodeKind.Input, 0)], []) { Components = graph };
        InputException exception = Assert.Throws<InputException>(() => ComponentDiscovery.FromCircuit(circuit, "a.circuit"));
        Assert.StartsWith("a.circuit: 8192 layers of 8 heads have more than", exception.Message, StringComparison.Ordinal);
    }
}
