namespace CircuitLasso.Tests;

public sealed class CircuitTests
{
    private static readonly CircuitNode[] _threeNodes =
    [
        new("input", CircuitNodeKind.Input, 0),
        new("m0", CircuitNodeKind.Mlp, 1),
        new("logits", CircuitNodeKind.Logits, 2),
    ];

    [Fact]
    public void Nodes_and_edges_come_in_computation_order_whatever_order_they_were_given_in()
    {
        ComponentGraph graph = new(3, 11, parallelBlocks: true, 8);
        CircuitEdge[] edges = [.. graph.Edges.Select(edge => new CircuitEdge(graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name, 1))];
        CircuitNode[] nodes = [.. graph.Nodes.Select(node => node.ToCircuitNode())];
        new Random(5).Shuffle(nodes);
        new Random(6).Shuffle(edges);
        Circuit circuit = new(nodes, edges);
        Assert.Equal(graph.Nodes.Select(node => node.Name), circuit.Nodes.Select(node => node.Name));
        Assert.Equal(
            graph.Edges.OrderBy(edge => edge).Select(edge => (graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name)),
            circuit.Edges.Select(edge => (edge.Source, edge.Target)));
    }

    [Fact]
    public void Features_are_ordered_by_their_number() =>
        Assert.Equal(["embed/7", "embed/error", "resid_post.5/36", "resid_post.5/3036", "y"], SampleCircuits.Features().Nodes.Select(node => node.Name));

    [Theory]
    [InlineData("a2.h9", "a2.h10", -1)]
    [InlineData("a10.h0", "a2.h0", 1)]
    [InlineData("x7", "x07", 1)]
    [InlineData("x", "x1", -1)]
    [InlineData("m3", "m3", 0)]
    [InlineData("a99999999999999999999999", "a100000000000000000000000", -1)]
    public void Names_compare_by_their_numbers(string one, string two, int sign)
    {
        Assert.Equal(sign, Math.Sign(NodeNameOrder.Instance.Compare(one, two)));
        Assert.Equal(-sign, Math.Sign(NodeNameOrder.Instance.Compare(two, one)));
    }

    [Fact]
    public void The_target_is_y_then_logits_then_the_last_node()
    {
        Assert.Equal("logits", new Circuit(_threeNodes, []).Target.Name);
        Assert.Equal("y", new Circuit([.. _threeNodes, new CircuitNode("y", CircuitNodeKind.Target, 2)], []).Target.Name);
        Assert.Equal("m0", new Circuit(_threeNodes[..2], []).Target.Name);
        Assert.Equal("m0", new Circuit(_threeNodes, [], "m0").Target.Name);
    }

    public static TheoryData<string, CircuitNode, CircuitEdge> WrongParts => new()
    {
        { "appears twice", new CircuitNode("m0", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", 1) },
        { "control characters", new CircuitNode("a\nb", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", 1) },
        { "control characters", new CircuitNode("a\uD800", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", 1) },
        { "empty", new CircuitNode("", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", 1) },
        { "too long", new CircuitNode(new string('x', 1025), CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", 1) },
        { "no known kind", new CircuitNode("n", (CircuitNodeKind)99, 1), new CircuitEdge("input", "m0", 1) },
        { "negative place", new CircuitNode("n", CircuitNodeKind.Mlp, -1), new CircuitEdge("input", "m0", 1) },
        { "not finite", new CircuitNode("n", CircuitNodeKind.Mlp, 1) { Relevance = double.NaN }, new CircuitEdge("input", "m0", 1) },
        { "ends at 'nobody'", new CircuitNode("n", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "nobody", 1) },
        { "starts at 'nobody'", new CircuitNode("n", CircuitNodeKind.Mlp, 1), new CircuitEdge("nobody", "m0", 1) },
        { "does not go forward", new CircuitNode("n", CircuitNodeKind.Mlp, 1), new CircuitEdge("logits", "input", 1) },
        { "does not go forward", new CircuitNode("n", CircuitNodeKind.Mlp, 1), new CircuitEdge("m0", "n", 1) },
        { "not finite", new CircuitNode("n", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", double.PositiveInfinity) },
        { "negative norm", new CircuitNode("n", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", 1) { Norm = -1 } },
        { "between 0 and 1", new CircuitNode("n", CircuitNodeKind.Mlp, 1), new CircuitEdge("input", "m0", 1) { Stability = 1.5 } },
    };

    [Theory]
    [MemberData(nameof(WrongParts))]
    public void Parts_that_do_not_fit_are_refused(string words, CircuitNode node, CircuitEdge edge)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new Circuit([.. _threeNodes, node], [edge]));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_measured_must_belong_to_nodes_and_edges()
    {
        CircuitEdge[] edges = [new CircuitEdge("input", "m0", 1)];
        Assert.Throws<ArgumentException>(() => new Circuit(_threeNodes, edges) { Examples = [new CircuitExample("x", "", 0)] });
        Assert.Throws<ArgumentException>(() => new Circuit(_threeNodes, edges) { Metrics = new Dictionary<string, double> { ["a"] = double.NaN } });
        Assert.Throws<ArgumentException>(() => new Circuit(_threeNodes, edges) { WeightPath = [new EdgeWeightPoint("m0", "logits", 1, 1)] });
        Assert.Throws<ArgumentException>(() => new Circuit(_threeNodes, edges)
        {
            WeightPath = [new EdgeWeightPoint("input", "m0", 1, 1), new EdgeWeightPoint("input", "m0", 1, 2)],
        });
        Assert.Throws<ArgumentException>(() => new Circuit(_threeNodes, [edges[0], edges[0] with { Weight = 2 }]));
    }

    [Fact]
    public void The_weight_path_runs_by_edge_and_then_from_strong_to_weak_penalty() =>
        Assert.Equal(
            [("embed/7", 10.0), ("resid_post.5/36", 100.0), ("resid_post.5/36", 50.0)],
            SampleCircuits.Features().WeightPath.Select(point => (point.Source, point.Lambda)));

    [Fact]
    public void Characters_that_no_document_can_hold_are_replaced_in_texts()
    {
        Circuit circuit = new([new CircuitNode("y", CircuitNodeKind.Target, 0) { Label = "a\0b" }], [])
        {
            Examples = [new CircuitExample("y", "\uD800x\uFFFE\t🙂", 1)],
            Provenance = new Dictionary<string, string> { ["k"] = "\u001b[31m" },
        };
        Assert.Equal("a\uFFFDb", circuit.Target.Label);
        Assert.Equal("\uFFFDx\uFFFD\t🙂", circuit.Examples[0].Text);
        Assert.Equal("\uFFFD[31m", circuit.Provenance["k"]);
    }

    [Fact]
    public void Leaving_an_edge_out_leaves_out_its_weights_too()
    {
        Circuit circuit = SampleCircuits.Features();
        Circuit smaller = circuit.With(edges: circuit.Edges.Where(edge => edge.Source != "embed/7"));
        Assert.Equal(2, smaller.WeightPath.Count);
        Assert.Equal(circuit.Examples, smaller.Examples);
        Assert.Equal(circuit.Metrics, smaller.Metrics);
        Assert.Equal(["r2", "auc (shuffled labels)"], smaller.Metrics.Keys);
    }
}
