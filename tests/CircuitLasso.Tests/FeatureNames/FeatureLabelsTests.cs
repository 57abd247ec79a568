using System.IO.Compression;
using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class FeatureLabelsTests
{
    private const string Explanation = """{"id":"a","modelId":"gpt2-small","layer":"5-res","index":"36","authorId":"b","description":" plural nouns ","embedding":"[0.5]","typeName":"oai_token-act-pair","umap_x":0.5}""";

    private const string Feature =
        """{"modelId":"gpt2-small","layer":"5-res","index":36,"frac_nonzero":0.01,"pos_str":[" are"," were",7],"pos_values":[2.5,2,1],"neg_str":[" is"],"neg_values":[-3],"explanations":[{"x":1},{"description":"from the row"}]}""";

    [Fact]
    public void Lines_of_ones_own_name_their_nodes()
    {
        FeatureLabels labels = Read("""{"node":"resid_post.5/36","label":"plural"}""", "", """  {"label":"other","node":"nobody/1","more":[1]}""", """{"node":"y","label":"  "}""");
        Assert.Equal("plural", Assert.Single(labels.Labels).Value.Text);
        Circuit named = labels.Apply(Sample());
        Assert.Equal("plural", named["resid_post.5/36"].Label);
        Assert.Null(named["resid_post.5/7"].Label);
    }

    [Fact]
    public void Neuronpedias_explanations_and_features_are_known_by_the_source_of_the_site()
    {
        Assert.Equal("plural nouns", Read(Explanation).Labels["resid_post.5/36"].Text);
        Assert.Empty(Read(Explanation.Replace("5-res", "6-res", StringComparison.Ordinal)).Labels);
        Assert.Empty(Read(Explanation.Replace("\"36\"", "\"37\"", StringComparison.Ordinal)).Labels);
        Circuit named = Read(Feature).Apply(Sample());
        Assert.Equal("from the row", named["resid_post.5/36"].Label);
        FeatureProfile profile = Assert.Single(named.Profiles);
        Assert.Equal([new TokenEffect(" are", 2.5), new TokenEffect(" were", 2)], profile.Promoted);
        Assert.Equal([new TokenEffect(" is", -3)], profile.Suppressed);
        Circuit computed = Sample().With(profiles: [new FeatureProfile("resid_post.5/36", 0, 0, 0, 0) { Promoted = [new TokenEffect("own", 1)] }]);
        Assert.Equal("own", Assert.Single(Assert.Single(Read(Feature).Apply(computed).Profiles).Promoted).Token);
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 2, 0)]
    public void A_label_of_ones_own_goes_before_annotations_and_those_before_Neuronpedia(params int[] order)
    {
        string[] lines = ["""{"node":"resid_post.5/36","label":"own"}""", """{"Name":"resid_5/36","Annotation":"annotated"}""", Explanation];
        Assert.Equal(("own", FeatureLabelOrigin.Own), Read([.. order.Select(i => lines[i])]).Labels["resid_post.5/36"]);
        Assert.Equal(("annotated", FeatureLabelOrigin.Annotation), Read([.. order.Where(i => i > 0).Select(i => lines[i])]).Labels["resid_post.5/36"]);
        Assert.Equal("first", Read("""{"node":"resid_post.5/36","label":"first"}""", lines[0]).Labels["resid_post.5/36"].Text);
    }

    [Fact]
    public void A_node_at_a_position_takes_the_label_of_its_feature_unless_it_has_one()
    {
        Circuit circuit = new(
            [new CircuitNode("resid_post.5/36@1", CircuitNodeKind.Feature, 1), new CircuitNode("resid_post.5/36@2", CircuitNodeKind.Feature, 1), new CircuitNode("y", CircuitNodeKind.Target, 2)], []);
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("a"), """{"node":"resid_post.5/36","label":"any"}""" + "\n" + """{"node":"resid_post.5/36@2","label":"second"}""");
        FeatureLabels labels = new(circuit);
        Assert.Equal(2, labels.Read(folder.PathOf("a")));
        Assert.Equal(["any", "second", null], labels.Apply(circuit).Nodes.Select(node => node.Label));
    }

    [Fact]
    public void The_published_annotations_of_Pythia_are_read()
    {
        string path = SharedData.Require("annotations", "pythia-70m-deduped.jsonl");
        string[] names = ["resid_post.5/3036", "embed/946", "mlp_out.0/1", "attn_out.5/1"];
        FeatureLabels labels = new(new Circuit([.. names.Select((name, place) => new CircuitNode(name, CircuitNodeKind.Feature, place))], []));
        Assert.True(labels.Read(path) >= 2);
        Assert.Equal("promotes singular verb forms", labels.Labels["resid_post.5/3036"].Text);
        Assert.Equal("'his'", labels.Labels["embed/946"].Text);

        // Every line that names a feature is understood: with a node for each, each has a label.
        string[] all = [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("Name").GetString()!).Where(name => name != "Name").Distinct()
            .Select(name => name.Replace("resid_", "resid_post.", StringComparison.Ordinal).Replace("attn_", "attn_out.", StringComparison.Ordinal).Replace("mlp_", "mlp_out.", StringComparison.Ordinal))];
        FeatureLabels every = new(new Circuit([.. all.Select((name, place) => new CircuitNode(name, CircuitNodeKind.Feature, place))], []));
        every.Read(path);
        Assert.Equal(all.Order(StringComparer.Ordinal), every.Labels.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_compressed_dump_gives_the_same_labels()
    {
        using TemporaryFolder folder = new();
        string[] lines = [.. Enumerable.Range(0, 3000).Select(i => Explanation.Replace("\"36\"", $"\"{i}\"", StringComparison.Ordinal).Replace("plural", $"number {i * 7919}", StringComparison.Ordinal))];
        Compress(folder.PathOf("a.jsonl.gz"), Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        FeatureLabels labels = new(Sample());
        Assert.Equal(2, labels.Read(folder.PathOf("a.jsonl.gz")));
        Assert.Equal("number 285084 nouns", labels.Labels["resid_post.5/36"].Text);
        Assert.Equal("number 55433 nouns", labels.Labels["resid_post.5/7"].Text);
    }

    [Fact]
    public void A_dump_that_expands_beyond_any_text_is_refused()
    {
        using TemporaryFolder folder = new();
        byte[] line = Encoding.UTF8.GetBytes(Explanation + new string(' ', 1 << 20) + "\n");
        using (FileStream file = File.Create(folder.PathOf("bomb.gz")))
        using (GZipStream gzip = new(file, CompressionLevel.Optimal))
        {
            for (int i = 0; i < 400; i++)
            {
                gzip.Write(line);
            }
        }

        Assert.Contains("expands to more than 200 times its size", Assert.Throws<InputException>(() => new FeatureLabels(Sample()).Read(folder.PathOf("bomb.gz"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_line_that_does_not_end_is_refused_before_it_fills_the_memory(bool compressed)
    {
        using TemporaryFolder folder = new();
        byte[] endless = new byte[(LabelLines.LongestLine * 2) + 1];
        new Random(1).NextBytes(endless);
        endless.AsSpan().Replace((byte)'\n', (byte)'x');
        if (compressed)
        {
            Compress(folder.PathOf("a"), endless);
        }
        else
        {
            File.WriteAllBytes(folder.PathOf("a"), endless);
        }

        Assert.Contains("line 1: is longer than 16 MiB", Assert.Throws<InputException>(() => new FeatureLabels(Sample()).Read(folder.PathOf("a"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1]", "line 1: is no label of a known kind")]
    [InlineData("{}", "line 1: is no label of a known kind")]
    [InlineData("""{"modelId":"a","layer":"b","index":"-1"}""", "line 1: is no label of a known kind")]
    [InlineData("{\"node\":\"a\",\"label\":\"b\"}\n\nnot json", "line 3: is not valid JSON")]
    [InlineData("""{"node":"a","label":"\ud800"}""", "line 1: is not valid JSON")]
    [InlineData("\u001f\u008b", "line 1: is not valid JSON")]
    public void What_is_no_label_is_refused_with_its_line(string content, string problem)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("a.jsonl"), content);
        InputException refused = Assert.Throws<InputException>(() => new FeatureLabels(Sample()).Read(folder.PathOf("a.jsonl")));
        Assert.StartsWith(folder.PathOf("a.jsonl") + ": " + problem, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_files_and_folders_are_refused()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("there is no such file of labels", Assert.Throws<InputException>(() => new FeatureLabels(Sample()).Read(folder.PathOf("a"))).Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => new FeatureLabels(Sample()).Read(folder.Root));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Damaged_dumps_give_labels_or_one_error(int seed, bool compressed)
    {
        using TemporaryFolder folder = new();
        byte[] valid = Encoding.UTF8.GetBytes(string.Join('\n', Explanation, Feature, """{"node":"resid_post.5/36","label":"own \u00e9 λ"}""", """{"Name":"resid_5/36","Annotation":"annotated"}""", string.Empty));
        Compress(folder.PathOf("valid"), valid);
        byte[] bytes = compressed ? File.ReadAllBytes(folder.PathOf("valid")) : valid;
        Random random = new(seed);
        int refused = 0;
        for (int i = 0; i < 500; i++)
        {
            File.WriteAllBytes(folder.PathOf("a"), Mutation.Apply(bytes, random));
            FeatureLabels labels = new(Sample());
            try
            {
                labels.Read(folder.PathOf("a"));
                labels.Apply(Sample());
            }
            catch (InputException exception)
            {
                Assert.Equal(folder.PathOf("a"), exception.Subject);
                refused++;
            }
        }

        Assert.InRange(refused, 100, 499);
    }

    private static FeatureLabels Read(params string[] lines)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("a.jsonl"), "\uFEFF" + string.Join("\r\n", lines));
        FeatureLabels labels = new(Sample());
        labels.Read(folder.PathOf("a.jsonl"));
        return labels;
    }

    private static Circuit Sample() => new(
        [new CircuitNode("resid_post.5/36", CircuitNodeKind.Feature, 1) { Layer = 5 }, new CircuitNode("resid_post.5/7", CircuitNodeKind.Feature, 1) { Layer = 5 }, new CircuitNode("y", CircuitNodeKind.Target, 2)],
        [new CircuitEdge("resid_post.5/36", "y", 1), new CircuitEdge("resid_post.5/7", "y", 1)])
    {
        Provenance = new Dictionary<string, string> { ["neuronpedia.resid_post.5"] = "gpt2-small/5-res" },
    };

    private static void Compress(string path, byte[] bytes)
    {
        using FileStream file = File.Create(path);
        using GZipStream gzip = new(file, CompressionLevel.Fastest);
        gzip.Write(bytes);
    }
}
