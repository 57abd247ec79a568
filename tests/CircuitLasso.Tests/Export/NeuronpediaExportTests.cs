using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class NeuronpediaExportTests
{
    [Theory]
    [MemberData(nameof(Circuits))]
    public void Every_kind_of_circuit_holds_to_the_schema_and_to_what_viewers_ask(string name)
    {
        Circuit circuit = Named(name);
        NeuronpediaGraph graph = new(ExportText.Of("neuronpedia", circuit));
        IReadOnlyDictionary<string, string> shown = graph.Format();
        Circuit inCircuit = circuit.WithoutCandidates();
        Assert.Equal(inCircuit.Nodes.Count, graph.Nodes.Count);
        Assert.Equal(inCircuit.Nodes.Count, shown.Count);
        Assert.Empty(graph.Deleted());

        // The edges are the circuit's, with their signed weights, whichever way nodes are called.
        Dictionary<string, string> names = inCircuit.Nodes.Zip(graph.Nodes).ToDictionary(pair => NeuronpediaGraph.Text(pair.Second, "node_id"), pair => pair.First.Name);
        Assert.Equal(
            inCircuit.Edges.Select(edge => (edge.Source, edge.Target, edge.Weight)),
            graph.Links.Select(link => (names[NeuronpediaGraph.Text(link, "source")], names[NeuronpediaGraph.Text(link, "target")], link.GetProperty("weight").GetDouble())));

        // Rows go upwards along every edge.
        Dictionary<string, int> row = graph.Nodes.ToDictionary(node => NeuronpediaGraph.Text(node, "node_id"), node => NeuronpediaGraph.Text(node, "layer") is "E" ? -1 : int.Parse(NeuronpediaGraph.Text(node, "layer")));
        Assert.All(graph.Links, link => Assert.True(row[NeuronpediaGraph.Text(link, "source")] < row[NeuronpediaGraph.Text(link, "target")]));
        Assert.All(graph.Root.GetProperty("qParams").GetProperty("pinnedIds").EnumerateArray(), id => Assert.Contains(id.GetString()!, names.Keys));
        Assert.Equal(circuit.Target.Name, names[graph.Root.GetProperty("qParams").GetProperty("clickedId").GetString()!]);
    }

    [Fact]
    public void Features_errors_and_y_are_called_as_circuit_tracer_calls_them()
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(Residual());
        JsonElement feature = graph.Node("resid_post.1/57794");
        Assert.Equal(("1_57794_1", "1_57794-0", "1", "cross layer transcoder"), (NeuronpediaGraph.Text(feature, "node_id"), NeuronpediaGraph.Text(feature, "jsNodeId"), NeuronpediaGraph.Text(feature, "layer"), NeuronpediaGraph.Text(feature, "feature_type")));

        // The number that circuit-tracer's issue 77 quotes for this layer and feature.
        Assert.Equal(1670217704, feature.GetProperty("feature").GetInt64());
        JsonElement error = graph.Node("resid_post.1/error");
        Assert.Equal(("1_-1_1", "1_-1-1", "mlp reconstruction error", -1), (NeuronpediaGraph.Text(error, "node_id"), NeuronpediaGraph.Text(error, "jsNodeId"), NeuronpediaGraph.Text(error, "feature_type"), error.GetProperty("feature").GetInt32()));
        JsonElement y = graph.Node("Output");
        Assert.Equal(("3_0_1", "L_0-1", "logit", true), (NeuronpediaGraph.Text(y, "node_id"), NeuronpediaGraph.Text(y, "jsNodeId"), NeuronpediaGraph.Text(y, "feature_type"), y.GetProperty("is_target_logit").GetBoolean()));
        Assert.Equal(1, graph.Metadata.GetProperty("schema_version").GetInt32());
    }

    [Fact]
    public void Influence_is_the_running_share_of_the_relevance()
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(Residual());
        Assert.Equal(0.6 / 1.2, graph.Node("resid_post.2/5").GetProperty("influence").GetDouble(), 12);
        Assert.Equal(1.0 / 1.2, graph.Node("resid_post.1/57794").GetProperty("influence").GetDouble(), 12);
        Assert.Equal(1, graph.Node("resid_post.1/error").GetProperty("influence").GetDouble(), 12);
        Assert.Equal(JsonValueKind.Null, graph.Node("Output").GetProperty("influence").ValueKind);
        Assert.Equal(1, graph.Metadata.GetProperty("node_threshold").GetDouble());
        Assert.False(NeuronpediaGraph.Of(Residual().With(nodes: Residual().Nodes.Select(node => node with { Relevance = 0 }))).Metadata.TryGetProperty("node_threshold", out _));
    }

    [Fact]
    public void Pages_of_features_are_found_where_one_set_of_autoencoders_has_them_all()
    {
        Circuit circuit = Residual().With(provenance: new Dictionary<string, string>
        {
            ["neuronpedia.resid_post.1"] = "gpt2-small/1-res_post_32k-oai",
            ["neuronpedia.resid_post.2"] = "gpt2-small/2-res_post_32k-oai",
        });
        NeuronpediaGraph graph = NeuronpediaGraph.Of(circuit);
        Assert.Equal("gpt2-small", NeuronpediaGraph.Text(graph.Metadata, "scan"));
        Assert.Equal("res_post_32k-oai", graph.Metadata.GetProperty("feature_details").GetProperty("neuronpedia_source_set").GetString());
        Assert.Equal("https://www.neuronpedia.org/gpt2-small/1-res_post_32k-oai/57794", NeuronpediaGraph.Text(graph.Node("resid_post.1/57794"), "vis_link"));
        Assert.Equal(["gpt2-small/1-res_post_32k-oai", "gpt2-small/2-res_post_32k-oai"], graph.Metadata.GetProperty("transcoder_list").EnumerateArray().Select(id => id.GetString()!));
    }

    [Theory]
    [InlineData("gpt2-small/1-other", "gpt2-small/2-res")]
    [InlineData("gpt2-small/1-res", "gpt2-small/3-res")]
    [InlineData("gpt2-small/1-res", "gpt2-medium/2-res")]
    [InlineData("gpt2-small/1-res", "no source")]
    public void Pages_that_one_set_cannot_name_are_links_alone(string first, string second)
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(Residual().With(provenance: new Dictionary<string, string> { ["neuronpedia.resid_post.1"] = first, ["neuronpedia.resid_post.2"] = second }));
        Assert.False(graph.Metadata.TryGetProperty("feature_details", out _));
        Assert.Equal($"https://www.neuronpedia.org/{first}/57794", NeuronpediaGraph.Text(graph.Node("resid_post.1/57794"), "vis_link"));
    }

    [Fact]
    public void A_prompt_gives_its_own_tokens()
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(Residual(), new NeuronpediaGraphOptions { Prompt = "The cats are", PromptTokens = ["The", " cats", " are"], Slug = "a.b-c_1", Scan = "gpt2-small" });
        Assert.Equal(["The", " cats", " are"], graph.Tokens);
        Assert.Equal("The cats are", NeuronpediaGraph.Text(graph.Metadata, "prompt"));
        Assert.Equal("a.b-c_1", NeuronpediaGraph.Text(graph.Metadata, "slug"));
        Assert.All(graph.Nodes, node => Assert.Equal(2, node.GetProperty("ctx_idx").GetInt32()));
        Assert.Equal("Err: mlp \"  are\"", graph.Format()[NeuronpediaGraph.Text(graph.Node("resid_post.1/error"), "node_id")]);
    }

    [Fact]
    public void Nodes_at_positions_stand_at_their_tokens()
    {
        Circuit circuit = new(
            [
                new CircuitNode("resid_post.1/7@0", CircuitNodeKind.Feature, 23) { Layer = 1 }, new CircuitNode("resid_post.1/7@2", CircuitNodeKind.Feature, 23) { Layer = 1 },
                new CircuitNode("resid_post.1/error@0", CircuitNodeKind.Error, 23) { Layer = 1 }, new CircuitNode("resid_post.1/error@1", CircuitNodeKind.Error, 23) { Layer = 1 },
                new CircuitNode("y", CircuitNodeKind.Target, 99),
            ],
            [new CircuitEdge("resid_post.1/7@0", "y", 1), new CircuitEdge("resid_post.1/7@2", "y", 1), new CircuitEdge("resid_post.1/error@0", "y", 1), new CircuitEdge("resid_post.1/error@1", "y", 1)]);
        NeuronpediaGraph graph = NeuronpediaGraph.Of(circuit);
        Assert.Equal(["1_7_0", "1_7_2", "1_-1_0", "1_-1_1", "2_0_2"], graph.Nodes.Select(node => NeuronpediaGraph.Text(node, "node_id")));
        Assert.Equal(["#0", "#1", "#2"], graph.Tokens);
        Assert.Equal(graph.Nodes[0].GetProperty("feature").GetInt64(), graph.Nodes[1].GetProperty("feature").GetInt64());
        InputException refused = Assert.Throws<InputException>(() => NeuronpediaGraph.Of(circuit, new NeuronpediaGraphOptions { Prompt = "a b", PromptTokens = ["a", " b"] }));
        Assert.Contains("stands at position 2", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b", null, null)]
    [InlineData("", null, null)]
    [InlineData("a", "gpt2/small", null)]
    [InlineData("a", null, "one")]
    public void Names_and_prompts_that_would_be_refused_are_refused(string slug, string? scan, string? prompt) =>
        Assert.Throws<InputException>(() => new NeuronpediaExport(new NeuronpediaGraphOptions { Slug = slug, Scan = scan, Prompt = prompt, PromptTokens = prompt is null ? [] : [prompt] }));

    // The traps of the viewers, one by one.
    [Theory]
    [InlineData("odd \"y\" (p=x)")]
    [InlineData("(p=")]
    public void Trap_1_every_output_says_a_probability_whatever_its_name(string name)
    {
        Circuit circuit = new([new CircuitNode("a", CircuitNodeKind.Block, 1), new CircuitNode(name, CircuitNodeKind.Target, 2) { Label = "or (p=no) \"so\"" }], [new CircuitEdge("a", name, 1)]);
        NeuronpediaGraph graph = NeuronpediaGraph.Of(circuit);
        Assert.Contains("(p=1.000)", graph.Format()[NeuronpediaGraph.Text(graph.Node("Output"), "node_id")], StringComparison.Ordinal);
    }

    [Fact]
    public void Trap_2_a_row_of_1_or_more_is_there_even_where_everything_is_in_layer_0()
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(new Circuit(
            [new CircuitNode("resid_post.0/3", CircuitNodeKind.Feature, 11) { Layer = 0 }, new CircuitNode("y", CircuitNodeKind.Target, 99)], [new CircuitEdge("resid_post.0/3", "y", 1)]));
        graph.Format();
        Assert.Contains("1 resid_post.0", graph.Metadata.GetProperty("info").GetProperty("description").GetString(), StringComparison.Ordinal);
        InputException refused = Assert.Throws<InputException>(() => NeuronpediaGraph.Of(new Circuit(
            [new CircuitNode("input", CircuitNodeKind.Input, 0), new CircuitNode("logits", CircuitNodeKind.Logits, 1)], [new CircuitEdge("input", "logits", 1)])));
        Assert.Contains("no node between input and target", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trap_3_no_feature_stands_at_more_than_two_thirds_of_the_tokens()
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(Residual());
        Assert.True(graph.Tokens.Count >= 2);
        Assert.Empty(graph.Deleted());
    }

    [Theory]
    [MemberData(nameof(Circuits))]
    public void Trap_4_every_node_stands_at_a_token(string name)
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(Named(name));
        Assert.All(graph.Nodes, node => Assert.InRange(node.GetProperty("ctx_idx").GetInt32(), 0, graph.Tokens.Count - 1));
    }

    [Theory]
    [MemberData(nameof(Circuits))]
    public void Trap_5_no_two_nodes_share_an_id_nor_a_number_within_a_row(string name)
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(Named(name));
        Assert.Equal(graph.Nodes.Count, graph.Nodes.Select(node => NeuronpediaGraph.Text(node, "node_id")).Distinct().Count());
        Assert.Equal(graph.Nodes.Count, graph.Nodes.Select(node => NeuronpediaGraph.Text(node, "jsNodeId")).Distinct().Count());
        Assert.Equal(graph.Nodes.Count, graph.Nodes.Select(node => (NeuronpediaGraph.Text(node, "layer"), node.GetProperty("feature").GetInt64())).Distinct().Count());
    }

    [Fact]
    public void Trap_5_heads_have_their_own_number_and_the_MLP_that_of_the_heads()
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(SampleCircuits.Component(3, 4, inCircuit: 60));
        Assert.Equal(3, graph.Node("a2.h3").GetProperty("feature").GetInt32());
        Assert.Equal(4, graph.Node("m1").GetProperty("feature").GetInt32());
        Assert.Equal("unknown", NeuronpediaGraph.Text(graph.Node("m1"), "feature_type"));
    }

    [Fact]
    public void Trap_6_attention_and_MLP_of_a_layer_have_rows_of_their_own_and_the_description_says_so()
    {
        NeuronpediaGraph graph = NeuronpediaGraph.Of(SampleCircuits.Component(3, 4, inCircuit: 60));
        Assert.Equal(("5", "6"), (NeuronpediaGraph.Text(graph.Node("a2.h3"), "layer"), NeuronpediaGraph.Text(graph.Node("m2"), "layer")));
        Assert.Contains("2l + 1 (its heads) and 2l + 2 (its MLP)", graph.Metadata.GetProperty("info").GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Equal("3", NeuronpediaGraph.Text(NeuronpediaGraph.Of(SampleCircuits.Component(3, 4, parallelBlocks: true, inCircuit: 60)).Node("m2"), "layer"));
    }

    [Fact]
    public void Trap_7_a_graph_compressed_is_of_a_size_that_is_taken()
    {
        byte[] json = Encoding.UTF8.GetBytes(ExportText.Of("neuronpedia", SampleCircuits.Component(inCircuit: 40)));
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(json);
        }

        Assert.InRange(compressed.Length, NeuronpediaExport.SmallestUpload, NeuronpediaExport.LargestUpload);
    }

    [Fact]
    public void Trap_8_the_index_lists_each_graph_once_under_the_name_of_its_file()
    {
        using TemporaryFolder folder = new();
        NeuronpediaGraphOptions second = new() { Slug = "second" };
        string path = NeuronpediaGraphIndex.WriteGraph(Residual(), new NeuronpediaGraphOptions { Slug = "first" }, folder.Root);
        NeuronpediaGraphIndex.WriteGraph(Residual(), second, folder.Root);
        NeuronpediaGraphIndex.WriteGraph(SampleCircuits.Component(), second, folder.Root);
        Assert.Equal(folder.PathOf("first.json"), path);
        JsonElement[] graphs = [.. JsonDocument.Parse(File.ReadAllText(folder.PathOf("graph-metadata.json"))).RootElement.GetProperty("graphs").EnumerateArray()];
        Assert.Equal(["first", "second"], graphs.Select(entry => NeuronpediaGraph.Text(entry, "slug")));
        foreach (JsonElement entry in graphs)
        {
            NeuronpediaGraph graph = new(File.ReadAllText(folder.PathOf(NeuronpediaGraph.Text(entry, "slug") + ".json")));
            Assert.True(JsonElement.DeepEquals(graph.Metadata, entry));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"graphs\": {}}")]
    [InlineData("{\"graphs\": [")]
    public void Trap_8_a_file_that_is_no_index_is_left_alone(string content)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("graph-metadata.json"), content);
        InputException refused = Assert.Throws<InputException>(() => NeuronpediaGraphIndex.WriteGraph(Residual(), new NeuronpediaGraphOptions(), folder.Root));
        Assert.StartsWith(folder.PathOf("graph-metadata.json"), refused.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(folder.PathOf("graph-metadata.json")));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void The_schema_check_finds_what_is_wrong()
    {
        string text = ExportText.Of("neuronpedia", Residual());
        Assert.ThrowsAny<Exception>(() => new NeuronpediaGraph(text.Replace("\"clerp\"", "\"label\"", StringComparison.Ordinal)));
        Assert.ThrowsAny<Exception>(() => new NeuronpediaGraph(text.Replace("\"ctx_idx\": 1", "\"ctx_idx\": \"1\"", StringComparison.Ordinal)));
        Assert.ThrowsAny<Exception>(() => new NeuronpediaGraph(text.Replace("\"slug\": \"circuit\"", "\"slug\": \"a b\"", StringComparison.Ordinal)));
    }

    public static TheoryData<string> Circuits() => ["features", "residual", "sublayers", "components", "parallel", "y of components", "blocks", "odd"];

    private static Circuit Named(string name) => name switch
    {
        "features" => SampleCircuits.Features(),
        "residual" => Residual(),
        "sublayers" => Sublayers(),
        "components" => SampleCircuits.Component(),
        "parallel" => SampleCircuits.Component(parallelBlocks: true),
        "y of components" => ComponentsWithY(),
        "blocks" => new Circuit(
            [new CircuitNode("first", CircuitNodeKind.Block, 0), new CircuitNode("second", CircuitNodeKind.Block, 0), new CircuitNode("third", CircuitNodeKind.Block, 7)],
            [new CircuitEdge("first", "third", 1), new CircuitEdge("second", "third", -2)]),
        _ => Odd(),
    };

    private static Circuit Residual() => new(
        [
            new CircuitNode("resid_post.1/57794", CircuitNodeKind.Feature, 23) { Layer = 1, Relevance = 0.4, Label = "plural nouns" },
            new CircuitNode("resid_post.1/error", CircuitNodeKind.Error, 23) { Layer = 1, Relevance = 0.2 },
            new CircuitNode("resid_post.2/5", CircuitNodeKind.Feature, 35) { Layer = 2, Relevance = 0.6 },
            new CircuitNode("y", CircuitNodeKind.Target, 99) { Relevance = 1 },
        ],
        [
            new CircuitEdge("resid_post.1/57794", "resid_post.2/5", 2),
            new CircuitEdge("resid_post.1/error", "resid_post.2/5", -1),
            new CircuitEdge("resid_post.2/5", "y", 0.5),
        ]);

    // Features of attention, MLP and residual stream of the same layers, with the same numbers.
    private static Circuit Sublayers()
    {
        (string Site, int Layer, int Place)[] sites = [("embed", -1, 0), ("attn_out.0", 0, 6), ("mlp_out.0", 0, 11), ("resid_post.0", 0, 12), ("attn_out.1", 1, 18), ("mlp_out.1", 1, 18)];
        List<CircuitNode> nodes = [.. sites.SelectMany(site => new[]
        {
            new CircuitNode($"{site.Site}/7", CircuitNodeKind.Feature, site.Place) { Layer = site.Layer < 0 ? null : site.Layer },
            new CircuitNode($"{site.Site}/error", CircuitNodeKind.Error, site.Place) { Layer = site.Layer < 0 ? null : site.Layer },
        })];
        CircuitEdge[] edges = [.. nodes.SelectMany(source => nodes.Where(target => source.Place < target.Place).Select(target => new CircuitEdge(source.Name, target.Name, source.Place - 3.5)))];
        nodes.Add(new CircuitNode("y", CircuitNodeKind.Target, 99));
        return new Circuit(nodes, [.. edges, .. nodes.SkipLast(1).Select(node => new CircuitEdge(node.Name, "y", 1))]);
    }

    private static Circuit ComponentsWithY()
    {
        Circuit components = SampleCircuits.Component();
        return new Circuit([.. components.Nodes, new CircuitNode("y", CircuitNodeKind.Target, 99)], [.. components.Edges, new CircuitEdge("logits", "y", 1), new CircuitEdge("m1", "y", -1)]) { Components = components.Components };
    }

    // Names that are no site and no number, numbers written twice, a feature as the target, several inputs.
    private static Circuit Odd() => new(
        [
            new CircuitNode("input", CircuitNodeKind.Input, 0),
            new CircuitNode("other input", CircuitNodeKind.Input, 0),
            new CircuitNode("site/01", CircuitNodeKind.Feature, 2),
            new CircuitNode("site/1", CircuitNodeKind.Feature, 2),
            new CircuitNode("site/2147483647", CircuitNodeKind.Feature, 2),
            new CircuitNode("site/99999999999", CircuitNodeKind.Feature, 2),
            new CircuitNode("nameless", CircuitNodeKind.Feature, 2),
            new CircuitNode("site/error", CircuitNodeKind.Error, 2),
            new CircuitNode("site/mistake", CircuitNodeKind.Error, 2),
            new CircuitNode("site/2", CircuitNodeKind.Feature, 3),
        ],
        [
            new CircuitEdge("input", "site/01", 1), new CircuitEdge("other input", "site/1", 1), new CircuitEdge("site/01", "site/2", 1), new CircuitEdge("site/1", "site/2", 1),
            new CircuitEdge("site/2147483647", "site/2", 1), new CircuitEdge("site/99999999999", "site/2", 1), new CircuitEdge("nameless", "site/2", 1),
            new CircuitEdge("site/error", "site/2", 1), new CircuitEdge("site/mistake", "site/2", 1),
        ],
        "site/2");
}
