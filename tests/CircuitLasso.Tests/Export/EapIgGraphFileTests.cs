using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class EapIgGraphFileTests
{
    private const string Split =
        """
        {"cfg": {"n_layers": 1, "n_heads": 1, "parallel_attn_mlp": false, "d_model": 4, "other": null}, "nodes": {"input": {"in_graph": true}},
         "edges": {"input->a0.h0<q>": {"score": 0.5, "in_graph": false}, "input->a0.h0<k>": {"score": -2, "in_graph": true}, "a0.h0->logits": {"score": null, "in_graph": true}}}
        """;

    [Fact]
    public void Queries_keys_and_values_are_kept_apart_and_collapse_by_the_largest()
    {
        using TemporaryFolder folder = new();
        EapIgGraph graph = EapIgGraphFile.Read(Write(folder, Split));
        Assert.Equal((1, 1, false, 4), (graph.Components.Layers, graph.Components.Heads, graph.Components.ParallelBlocks, graph.Components.Width));
        Assert.Equal(0.5, graph.Scores["input", "a0.h0", HeadInput.Query]);
        Assert.Equal(-2, graph.Scores["input", "a0.h0", HeadInput.Key]);
        Assert.Equal([false, true, false, false, false, false, true, false], graph.InGraph);
        ComponentDiscovery whole = graph.Collapse();
        Assert.False(whole.Scores.IsSplit);
        Assert.Equal(-2, whole.Scores["input", "a0.h0"]);
        Assert.Equal([true, false, false, false, true, false], whole.InCircuit);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_exported_comes_back(bool parallel)
    {
        using TemporaryFolder folder = new();
        Circuit circuit = SampleCircuits.Component(3, 4, parallel);
        ComponentDiscovery back = EapIgGraphFile.Read(Write(folder, ExportText.Of("eap-ig", circuit))).Collapse();
        foreach (CircuitEdge edge in back.ToCircuit().Edges)
        {
            Assert.Equal(circuit.Edge(edge.Source, edge.Target)?.Weight ?? 0, edge.Weight);
            Assert.Equal(circuit.Edge(edge.Source, edge.Target)?.InCircuit ?? false, edge.InCircuit);
        }

        Assert.Equal(ExportText.Of("eap-ig", circuit), ExportText.Of("eap-ig", back.ToCircuit()));
    }

    [Theory]
    [InlineData("", "is not valid JSON")]
    [InlineData("[]", "the file has no object \"cfg\"")]
    [InlineData("{\"cfg\": {\"n_layers\": 0, \"n_heads\": 1, \"d_model\": 4}, \"edges\": {}}", "cfg has a n_layers that is no size")]
    [InlineData("{\"cfg\": {\"n_layers\": 1048576, \"n_heads\": 1048576, \"d_model\": 4}, \"edges\": {}}", "have too many edges")]
    [InlineData("{\"cfg\": {\"n_layers\": 1, \"n_heads\": 1, \"d_model\": 4}}", "the file has no object \"edges\"")]
    [InlineData("{\"cfg\": {\"n_layers\": 1, \"n_heads\": 1, \"d_model\": 4}, \"edges\": {\"m0->a0.h0<q>\": {}}}", "m0->a0.h0<q> is no edge")]
    [InlineData("{\"cfg\": {\"n_layers\": 1, \"n_heads\": 1, \"d_model\": 4}, \"edges\": {\"input->a0.h0\": {}}}", "input->a0.h0 is no edge")]
    [InlineData("{\"cfg\": {\"n_layers\": 1, \"n_heads\": 1, \"d_model\": 4}, \"edges\": {\"input->m0\": {\"score\": 1}}}", "has no truth value \"in_graph\"")]
    [InlineData("{\"cfg\": {\"n_layers\": 1, \"n_heads\": 1, \"d_model\": 4}, \"edges\": {\"input->m0\": {\"score\": 1e999, \"in_graph\": true}}}", "no finite number")]
    [InlineData("{\"cfg\": {\"n_layers\": 1, \"n_heads\": 1, \"d_model\": 4}, \"edges\": {\"input->m0\": {\"in_graph\": true}, \"input->m0\": {\"in_graph\": true}}}", "appears twice")]
    public void Files_that_are_no_graph_are_refused_in_one_line(string text, string problem)
    {
        using TemporaryFolder folder = new();
        string path = Write(folder, text);
        InputException exception = Assert.Throws<InputException>(() => EapIgGraphFile.Read(path));
        Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_give_a_graph_or_a_refusal()
    {
        using TemporaryFolder folder = new();
        Random random = new(2);
        byte[] original = Encoding.UTF8.GetBytes(Split);
        for (int round = 0; round < 500; round++)
        {
            byte[] bytes = round % 3 == 0 ? original[..random.Next(original.Length)] : [.. original];
            for (int flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(folder.PathOf("damaged.json"), bytes);
            try
            {
                EapIgGraph graph = EapIgGraphFile.Read(folder.PathOf("damaged.json"));
                Assert.Equal(graph.Components.SplitEdgeCount, graph.InGraph.Count);
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    private static string Write(TemporaryFolder folder, string text)
    {
        string path = folder.PathOf("graph.json");
        File.WriteAllText(path, text);
        return path;
    }
}
