using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class ComponentGraphTests
{
    // EAP-IG's own counts: sources, and edges with queries, keys and values apart.
    [Theory]
    [InlineData("GPT-2 small", 12, 12, false, 157, 32_491)]
    [InlineData("Pythia-70M", 6, 8, true, 55, 3_580)]
    [InlineData("InterpBench IOI", 6, 4, false, 31, 1_108)]
    [InlineData("Qwen2.5-0.5B", 24, 14, false, 361, 179_749)]
    [InlineData("Gemma-2-2B", 26, 8, false, 235, 74_218)]
    [InlineData("Llama-3.1-8B", 32, 32, false, 1_057, 1_592_881)]
    public void Sources_and_split_edges_are_as_many_as_in_EAP_IG(string model, int layers, int heads, bool parallel, int sources, long splitEdges)
    {
        ComponentGraph graph = new(layers, heads, parallel, 64);
        Assert.True(sources == graph.Nodes.Count - 1, model);
        Assert.Equal(splitEdges, graph.SplitEdgeCount);
    }

    [Theory]
    [InlineData(2, 12, 53)]
    [InlineData(3, 17, 117)]
    [InlineData(4, 22, 206)]
    [InlineData(6, 32, 459)]
    public void InterpBench_counts_every_whole_edge_but_the_one_from_input_to_logits(int layers, int nodes, long edges)
    {
        ComponentGraph graph = new(layers, 4, parallelBlocks: false, 64);
        Assert.Equal(nodes, graph.Nodes.Count);
        Assert.Equal(edges + 1, graph.EdgeCount);
        Assert.Equal(graph.EdgeCount, graph.Edges.LongCount());
        Assert.True(graph.Contains("input", "logits"));
    }

    [Fact]
    public void Edges_are_those_of_InterpBench_universe()
    {
        using JsonDocument universe = JsonDocument.Parse(File.ReadAllText(SharedData.Require("interpbench", "universe.json")));
        foreach (JsonProperty entry in universe.RootElement.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.Object && entry.Value.TryGetProperty("edges", out _)))
        {
            ComponentGraph graph = new(entry.Value.GetProperty("n_layers").GetInt32(), entry.Value.GetProperty("n_heads").GetInt32(), parallelBlocks: false, 64);
            IEnumerable<(string, string)> expected = entry.Value.GetProperty("edges").EnumerateArray().Select(pair => (Ours(pair[0].GetString()!), Ours(pair[1].GetString()!)));
            IEnumerable<(string, string)> actual = graph.Edges.Select(edge => (graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name)).Where(edge => edge != ("input", "logits"));
            Assert.Equal(expected.Order(), actual.Order());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Membership_agrees_with_the_list_of_edges(bool parallel)
    {
        ComponentGraph graph = new(3, 2, parallel, 8);
        HashSet<(string, string)> edges = [.. graph.Edges.Select(edge => (graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name))];
        foreach (string source in graph.Nodes.Select(node => node.Name))
        {
            foreach (string target in graph.Nodes.Select(node => node.Name))
            {
                Assert.Equal(edges.Contains((source, target)), graph.Contains(source, target));
            }
        }

        Assert.Equal(!parallel, graph.Contains("a1.h0", "m1"));
        Assert.False(graph.Contains("a1.h0", "a1.h1"));
        Assert.False(graph.Contains("m1", "a1.h0"));
        Assert.False(graph.Contains("input", "y"));
        Assert.Equal(-1, graph.IndexOf("a3.h0"));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    [InlineData(int.MaxValue, int.MaxValue, 1)]
    public void Impossible_sizes_are_refused(int layers, int heads, int width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ComponentGraph(layers, heads, parallelBlocks: false, width));

    private static string Ours(string name) => name switch { "embed" => "input", "out" => "logits", _ => name };
}
