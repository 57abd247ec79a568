using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class EapIgExportTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nodes_and_edges_are_those_that_EAP_IG_builds_from_the_same_shape(bool parallel)
    {
        Circuit circuit = SampleCircuits.Component(3, 4, parallel);
        JsonElement root = JsonDocument.Parse(ExportText.Of("eap-ig", circuit)).RootElement;
        Assert.Equal(["cfg", "nodes", "edges"], root.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            $$"""{"n_layers":3,"n_heads":4,"parallel_attn_mlp":{{(parallel ? "true" : "false")}},"d_model":16}""",
            JsonSerializer.Serialize(root.GetProperty("cfg")));
        (List<string> nodes, List<string> edges) = FromModel(3, 4, parallel);
        Assert.Equal(nodes, root.GetProperty("nodes").EnumerateObject().Select(node => node.Name));
        Assert.Equal(edges.Order(StringComparer.Ordinal), root.GetProperty("edges").EnumerateObject().Select(edge => edge.Name).Order(StringComparer.Ordinal));
        Assert.Equal(circuit.Components!.SplitEdgeCount, edges.Count);
    }

    [Fact]
    public void Scores_and_membership_are_those_of_the_whole_edge()
    {
        Circuit circuit = SampleCircuits.Component().Prune(needsIncoming: true);
        JsonElement root = JsonDocument.Parse(ExportText.Of("eap-ig", circuit)).RootElement;
        foreach (JsonProperty entry in root.GetProperty("edges").EnumerateObject())
        {
            string[] ends = entry.Name.Split("->");
            CircuitEdge edge = circuit.Edge(ends[0], ends[1].Split('<')[0])!;
            Assert.Equal(edge.Weight, entry.Value.GetProperty("score").GetDouble());
            Assert.Equal(edge.InCircuit, entry.Value.GetProperty("in_graph").GetBoolean());
        }

        Assert.Equal(
            circuit.NodesInCircuit(),
            root.GetProperty("nodes").EnumerateObject().Where(node => node.Value.GetProperty("in_graph").GetBoolean()).Select(node => node.Name));
    }

    [Fact]
    public void Edges_that_were_not_scored_are_written_with_0()
    {
        JsonElement edges = JsonDocument.Parse(ExportText.Of("eap-ig", SampleCircuits.Component().WithoutCandidates())).RootElement.GetProperty("edges");
        Assert.Equal(new ComponentGraph(3, 4, false, 16).SplitEdgeCount, edges.EnumerateObject().Count());
        Assert.All(edges.EnumerateObject().Where(edge => !edge.Value.GetProperty("in_graph").GetBoolean()), edge => Assert.Equal(0, edge.Value.GetProperty("score").GetDouble()));
    }

    [Fact]
    public void Edges_into_y_stand_for_edges_into_logits()
    {
        Circuit circuit = WithY(new CircuitEdge("m0", "y", 2.5));
        JsonElement root = JsonDocument.Parse(ExportText.Of("eap-ig", circuit)).RootElement;
        Assert.Equal(2.5, root.GetProperty("edges").GetProperty("m0->logits").GetProperty("score").GetDouble());
        Assert.True(root.GetProperty("nodes").GetProperty("m0").GetProperty("in_graph").GetBoolean());
    }

    [Fact]
    public void What_y_reads_off_the_logits_is_beyond_the_graph()
    {
        Circuit circuit = WithY(new CircuitEdge("m0", "logits", 1.5), new CircuitEdge("logits", "y", 3));
        JsonElement edges = JsonDocument.Parse(ExportText.Of("eap-ig", circuit)).RootElement.GetProperty("edges");
        Assert.Equal(1.5, edges.GetProperty("m0->logits").GetProperty("score").GetDouble());
        Assert.Throws<InputException>(() => ExportText.Of("eap-ig", WithY(new CircuitEdge("m0", "logits", 1.5), new CircuitEdge("m0", "y", 3))));
    }

    [Fact]
    public void A_circuit_of_features_is_refused()
    {
        InputException exception = Assert.Throws<InputException>(() => ExportText.Of("eap-ig", SampleCircuits.Features()));
        Assert.StartsWith("--format eap-ig: the circuit is not one of a model's components", exception.Message, StringComparison.Ordinal);
    }

    private static Circuit WithY(params CircuitEdge[] edges)
    {
        ComponentGraph graph = new(1, 2, parallelBlocks: false, 8);
        return new Circuit([.. graph.Nodes.Select(node => node.ToCircuitNode()), new CircuitNode("y", CircuitNodeKind.Target, 9)], edges) { Components = graph };
    }

    // The loops of EAP-IG's Graph.from_model.
    private static (List<string> Nodes, List<string> Edges) FromModel(int layers, int heads, bool parallel)
    {
        List<string> nodes = ["input"];
        List<string> edges = [];
        List<string> residualStream = ["input"];
        for (int layer = 0; layer < layers; layer++)
        {
            List<string> attention = [.. Enumerable.Range(0, heads).Select(head => $"a{layer}.h{head}")];
            nodes.AddRange([.. attention, $"m{layer}"]);
            edges.AddRange(from node in residualStream from head in attention from letter in "qkv" select $"{node}->{head}<{letter}>");
            residualStream = parallel ? residualStream : [.. residualStream, .. attention];
            edges.AddRange(residualStream.Select(node => $"{node}->m{layer}"));
            residualStream = [.. residualStream, .. parallel ? attention : [], $"m{layer}"];
        }

        nodes.Add("logits");
        edges.AddRange(residualStream.Select(node => $"{node}->logits"));
        return (nodes, edges);
    }
}
