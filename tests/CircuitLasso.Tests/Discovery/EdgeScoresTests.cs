namespace CircuitLasso.Tests;

public sealed class EdgeScoresTests
{
    private static readonly ComponentGraph _graph = new(2, 2, parallelBlocks: false, 4);

    [Fact]
    public void Whole_edges_are_found_by_their_names()
    {
        double[] values = [.. Enumerable.Range(0, (int)_graph.EdgeCount).Select(edge => (double)edge)];
        EdgeScores scores = new(_graph, values);
        Assert.False(scores.IsSplit);
        int index = 0;
        foreach ((int source, int target) in _graph.Edges)
        {
            Assert.Equal(index, scores[_graph.Nodes[source].Name, _graph.Nodes[target].Name]);
            Assert.Equal(index++, _graph.EdgeIndex(source, target));
        }

        Assert.Throws<InvalidOperationException>(() => scores["input", "a0.h0", HeadInput.Key]);
        Assert.Throws<ArgumentOutOfRangeException>(() => scores["m1", "a0.h0"]);
        Assert.Throws<ArgumentOutOfRangeException>(() => scores["input", "a7.h0"]);
    }

    [Fact]
    public void A_split_edge_takes_the_part_of_largest_absolute_value()
    {
        double[] split = new double[_graph.SplitEdgeCount];
        int source = _graph.IndexOf("m0");
        int target = _graph.IndexOf("a1.h1");
        split[_graph.SplitEdgeIndex(source, target)] = 1;
        split[_graph.SplitEdgeIndex(source, target, HeadInput.Key)] = -3;
        split[_graph.SplitEdgeIndex(source, target, HeadInput.Value)] = 2;
        split[^1] = 5;
        EdgeScores scores = EdgeScores.FromSplit(_graph, split);
        Assert.Equal(-3, scores["m0", "a1.h1"]);
        Assert.Equal(2, scores["m0", "a1.h1", HeadInput.Value]);
        Assert.Equal(5, scores["m1", "logits"]);
        Assert.Equal(2, scores.Values.ToArray().Count(value => value != 0));
    }

    [Fact]
    public void Parts_of_edges_are_numbered_in_the_order_of_the_edges()
    {
        long next = 0;
        foreach ((int source, int target) in _graph.Edges)
        {
            HeadInput[] parts = _graph.Nodes[target].Kind == CircuitNodeKind.AttentionHead ? Enum.GetValues<HeadInput>() : [HeadInput.Query];
            foreach (HeadInput part in parts)
            {
                Assert.Equal(next++, _graph.SplitEdgeIndex(source, target, part));
            }
        }

        Assert.Equal(_graph.SplitEdgeCount, next);
        Assert.Throws<ArgumentOutOfRangeException>(() => _graph.SplitEdgeIndex(0, _graph.IndexOf("m0"), HeadInput.Key));
        Assert.Throws<ArgumentOutOfRangeException>(() => _graph.EdgeIndex(1, 1));
    }

    [Fact]
    public void Scores_that_are_not_finite_or_not_as_many_as_edges_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EdgeScores(_graph, new double[3]));
        double[] values = new double[_graph.EdgeCount];
        values[2] = double.NaN;
        Assert.Throws<ArgumentException>(() => new EdgeScores(_graph, values));
        Assert.Throws<ArgumentException>(() => EdgeScores.FromSplit(_graph, values));
    }

    [Fact]
    public void A_discovery_becomes_a_circuit_with_every_candidate()
    {
        double[] values = new double[_graph.EdgeCount];
        values[^1] = -2;
        EdgeScores scores = new(_graph, values);
        Circuit circuit = new ComponentDiscovery { Scores = scores, InCircuit = EdgeSelection.Top(scores, 1) }.ToCircuit();
        Assert.Same(_graph, circuit.Components);
        Assert.Equal(_graph.EdgeCount, circuit.Edges.Count);
        CircuitEdge edge = Assert.Single(circuit.Edges, edge => edge.InCircuit);
        Assert.Equal(("m1", "logits", -2d), (edge.Source, edge.Target, edge.Weight));
    }
}
