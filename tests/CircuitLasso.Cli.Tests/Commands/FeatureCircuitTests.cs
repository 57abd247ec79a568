using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli.Tests;

public sealed class FeatureCircuitTests : IDisposable
{
    private readonly AgreementTask _given = new();

    public FeatureCircuitTests()
    {
        foreach (int layer in (int[])[1, 2])
        {
            using SparseAutoencoder autoencoder = Autoencoder(layer);
            SaeLensFolder.Save(autoencoder, At("sae" + layer));
        }
    }

    public void Dispose() => _given.Dispose();

    [Fact]
    public void A_circuit_of_features_is_found_and_measured_as_the_library_does()
    {
        (int exitCode, string output, string error) = Discover("--node-threshold", "0.001", "--edge-threshold", "0.0005", "--json");
        Assert.True(exitCode == 0, error);
        JsonElement found = JsonDocument.Parse(output).RootElement;
        using TransformerModel model = ModelCheckpoint.Load(_given.Model);
        using SparseAutoencoder first = SparseAutoencoderFile.Load(At("sae1"));
        using SparseAutoencoder second = SparseAutoencoderFile.Load(At("sae2"));
        AutoencoderSites sites = new(model, [new(first, Site.Parse("resid_post.1")), new(second, Site.Parse("resid_post.2"))]);
        BehaviourTask task = BehaviourTaskFile.Read(_given.Task, Tokenizer.Load(_given.Model), model).Task;
        SparseFeatureCircuit expected = SparseFeatureCircuits.Discover(
            new FeaturePatcher(sites, task), new SparseFeatureCircuitOptions { NodeThreshold = 0.001, EdgeThreshold = 0.0005 }, cancellation: TestContext.Current.CancellationToken);
        Circuit circuit = CircuitFile.Read(At("sfc.circuit"));
        Assert.Equal(expected.Circuit.Edges, circuit.Edges);
        Assert.Equal(expected.KeptNodes, found.GetProperty("nodes_kept").GetInt32());
        Assert.Equal(("sfc", "10"), (circuit.Provenance["method"], circuit.Provenance["steps"]));

        (exitCode, output, error) = Evaluate("sfc.circuit", "--recompute", "--json");
        Assert.True(exitCode == 0, error);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        FeatureCircuitEvaluator evaluator = new(sites, task);
        CircuitEvaluation nodes = evaluator.Evaluate([.. FeatureRanking.NodesInCircuit(circuit, sites)], TestContext.Current.CancellationToken);
        Assert.Equal(nodes.Faithfulness, json.GetProperty("nodes").GetProperty("faithfulness").GetDouble(), 1e-6);
        Assert.Equal(evaluator.Candidates.Count, json.GetProperty("candidate_nodes").GetInt32());
        Assert.Equal(["circuit", "activation", "random", "random", "random"], json.GetProperty("node_curves").EnumerateArray().Select(curve => curve.GetProperty("ranking").GetString()));
        Assert.False(json.TryGetProperty("edges_learned", out _));
        CircuitEvaluation edges = new FeatureEdgeEvaluator(sites, task, circuit, "sfc").Recomputed([.. circuit.Edges.Where(edge => edge.InCircuit)], TestContext.Current.CancellationToken);
        Assert.Equal(edges.Faithfulness, json.GetProperty("edges_recomputed").GetProperty("faithfulness").GetDouble(), 1e-6);
        Assert.Equal(4, json.GetProperty("edge_curves").GetArrayLength());
    }

    [Fact]
    public void A_circuit_with_coefficients_is_measured_by_both_rules()
    {
        CircuitNode[] nodes =
        [
            .. Enumerable.Range(0, 6).SelectMany(feature => (CircuitNode[])
            [
                new($"resid_post.1/{feature}", CircuitNodeKind.Feature, 0) { Relevance = 0.1 + (0.1 * feature) }, new($"resid_post.2/{feature}", CircuitNodeKind.Feature, 1) { Relevance = 0.2 },
            ]),
            new("logits", CircuitNodeKind.Logits, 2),
        ];
        CircuitEdge[] edges =
        [
            .. Enumerable.Range(0, 6).SelectMany(feature => (CircuitEdge[])
            [
                new($"resid_post.1/{feature}", $"resid_post.2/{feature}", 0.5) { Norm = 0.5 }, new($"resid_post.2/{feature}", "logits", 1) { Norm = 1 },
            ]),
        ];
        CircuitFile.Write(new Circuit(nodes, edges), At("learned.circuit"));
        (int exitCode, string output, string error) = Evaluate("learned.circuit", "--recompute");
        Assert.True(exitCode == 0, error);
        foreach (string words in (string[])["6 pairs", "mean ablation, errors ranked", "edges, learned", "edges, recomputed", "circuit, learned", "random, recomputed", "area of |1 - faithfulness|", "correlation"])
        {
            Assert.Contains(words, output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nodes_are_measured_where_edges_cannot_be_and_a_message_says_so()
    {
        CircuitNode[] nodes = [new("resid_post.1/0", CircuitNodeKind.Feature, 0) { Relevance = 0.4 }, new("resid_post.2/1", CircuitNodeKind.Feature, 1) { Relevance = 0.2 }];
        CircuitFile.Write(new Circuit(nodes, [new CircuitEdge("resid_post.1/0", "resid_post.2/1", 1)]), At("all.circuit"));
        (int exitCode, string output, string error) = Evaluate("all.circuit", "--json");
        Assert.True(exitCode == 0, error);
        Assert.Contains("edges are not measured", error, StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        Assert.Equal(2, json.GetProperty("circuit_nodes").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("correlation").ValueKind);
    }

    [Theory]
    [InlineData("discover", "--sae", "--method", "sfc")]
    [InlineData("discover", "by itself", "--method", "sfc,eap", "--sae", "resid_post.1=sae1")]
    [InlineData("discover", "has layers", "--method", "sfc", "--sae", "resid_post.9=sae1")]
    [InlineData("discover", "missing", "--method", "sfc", "--sae", "resid_post.1=missing")]
    [InlineData("evaluate", "component circuit", "--circuit", "features.circuit")]
    [InlineData("evaluate", "resample", "--circuit", "features.circuit", "--ablation", "resample")]
    [InlineData("evaluate", "stands beside --task", "--circuit", "features.circuit", "--sae", "resid_post.2=sae2", "--text", "texts.tsv")]
    [InlineData("evaluate", "--text is missing", "--circuit", "features.circuit", "--sae", "resid_post.2=sae2", "--label-column", "1")]
    [InlineData("evaluate", "is for circuits of features", "--circuit", "features.circuit", "--text", "texts.tsv")]
    [InlineData("discover", "--readout", "--method", "sfc", "--sae", "resid_post.2=sae2", "--readout", "features.circuit")]
    [InlineData("discover", "does not name sfc", "--method", "eap", "--ablation", "zero")]
    [InlineData("evaluate", "resid_post.2/0", "--circuit", "features.circuit", "--sae", "resid_post.1=sae1")]
    public void What_does_not_fit_ends_in_one_line(string command, string words, params string[] arguments)
    {
        CircuitFile.Write(new Circuit([new("resid_post.2/0", CircuitNodeKind.Feature, 0), new("y", CircuitNodeKind.Target, 1)], [new CircuitEdge("resid_post.2/0", "y", 1)]), At("features.circuit"));
        string[] given = [.. arguments.Select(argument => argument switch
        {
            "features.circuit" => At(argument),
            _ when argument.StartsWith("resid", StringComparison.Ordinal) => argument.Replace("=", "=" + At(string.Empty) + "/", StringComparison.Ordinal),
            _ => argument,
        })];
        (int exitCode, _, string error) = CommandLine.Run(
            [command, "--model", _given.Model, "--task", _given.Task, .. command == "discover" ? (string[])["--out", At("out.circuit")] : [], .. given]);
        Assert.Equal(ExitCode.BadInput, exitCode);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
    }

    [Fact]
    public void A_labels_circuit_is_measured_by_its_readout_on_other_texts_and_found_by_gradients_on_the_same_behaviour()
    {
        (string Singular, string Plural)[] nouns = [("boy", "boys"), ("girl", "girls"), ("king", "kings"), ("teacher", "teachers"), ("horse", "horses"), ("dog", "dogs")];
        void Write(string name, params string[] after) => File.WriteAllLines(
            At(name), nouns.SelectMany(noun => after.SelectMany(more => (string[])[$"one\tthe {noun.Singular} {more}", $"many\tthe {noun.Plural} {more}"])));
        Write("learn.tsv", "near the tree", "that the king likes", "and the girl", "of the teacher", "with the dog", "near the girl", "that the dog likes", "and the tree");
        Write("test.tsv", "near the king", "of the girl", "with the teacher");
        string[] autoencoders = ["--sae", "resid_post.1=" + At("sae1"), "--sae", "resid_post.2=" + At("sae2")];
        string[] texts = ["--model", _given.Model, .. autoencoders, "--text-column", "2", "--label-column", "1"];
        Succeed(["collect", .. texts, "--text", At("learn.tsv"), "--pool", "mean", "--out", At("store")]);
        Succeed(["learn", "--store", At("store"), "--target", "label", "--lambda-ratio", "0.05", "--out", At("label.circuit")]);
        CircuitReadout readout = CircuitFile.Read(At("label.circuit")).Readout!;
        Assert.Equal(["many", "one"], readout.Classes);

        JsonElement measured = JsonDocument.Parse(Succeed(["evaluate", "--circuit", At("label.circuit"), .. texts, "--text", At("test.tsv"), "--recompute", "--json"]).Output).RootElement;
        Assert.Equal(36, measured.GetProperty("pairs").GetInt32());
        Assert.Contains("log-odds", measured.GetProperty("behaviour").GetString(), StringComparison.Ordinal);
        using TransformerModel model = ModelCheckpoint.Load(_given.Model);
        using SparseAutoencoder first = SparseAutoencoderFile.Load(At("sae1"));
        using SparseAutoencoder second = SparseAutoencoderFile.Load(At("sae2"));
        AutoencoderSites sites = new(model, [new(first, Site.Parse("resid_post.1")), new(second, Site.Parse("resid_post.2"))]);
        ReadoutBehaviour behaviour = new(readout, sites, "test");
        BehaviourTask task = LabelledTaskFile.Read(At("test.tsv"), "2", "1", Tokenizer.Load(_given.Model), behaviour).Task;
        CircuitEvaluation nodes = new FeatureCircuitEvaluator(behaviour.Sites, task).Evaluate([.. FeatureRanking.NodesInCircuit(CircuitFile.Read(At("label.circuit")), sites)], TestContext.Current.CancellationToken);
        Assert.Equal(nodes.Faithfulness, measured.GetProperty("nodes").GetProperty("faithfulness").GetDouble(), 1e-9);
        Assert.Equal(nodes.ModelLoss, measured.GetProperty("nodes").GetProperty("loss_model").GetDouble(), 1e-9);
        Assert.True(measured.TryGetProperty("edges_learned", out _) && measured.TryGetProperty("edges_recomputed", out _));

        // The same behaviour for gradients, and their circuit by the same readout.
        Succeed(["discover", .. texts, "--text", At("learn.tsv"), "--texts", "40", "--method", "sfc", "--readout", At("label.circuit"), "--steps", "2", "--out", At("sfc.circuit")]);
        Circuit found = CircuitFile.Read(At("sfc.circuit"));
        Assert.Equal(("zero", "40"), (found.Provenance["ablation"], found.Provenance["pairs"]));
        Assert.Equal(readout.Coefficients, found.Readout!.Coefficients);
        Assert.Contains(found.Edges, edge => edge.InCircuit && edge.Target == "y");
        (string output, string messages) = Succeed(["evaluate", "--circuit", At("sfc.circuit"), .. texts, "--text", At("test.tsv"), "--right"]);
        Assert.Contains("texts; ", output, StringComparison.Ordinal);
        Assert.Contains("the readout is right on", messages, StringComparison.Ordinal);

        // What says little, or nothing, is said or refused.
        Assert.Contains("figures on others say more", Succeed(["evaluate", "--circuit", At("sfc.circuit"), .. texts, "--text", At("learn.tsv"), "--texts", "20"]).Messages, StringComparison.Ordinal);
        Refuse("corrupt is for pairs", ["evaluate", "--circuit", At("label.circuit"), .. texts, "--text", At("test.tsv"), "--ablation", "corrupt"]);
        Refuse("--readout: is missing", ["discover", .. texts, "--text", At("test.tsv"), "--method", "sfc", "--out", At("x.circuit")]);
        CircuitFile.Write(new Circuit([new("resid_post.2/0", CircuitNodeKind.Feature, 0), new("y", CircuitNodeKind.Target, 1)], [new CircuitEdge("resid_post.2/0", "y", 1)]), At("none.circuit"));
        Refuse("holds no readout", ["evaluate", "--circuit", At("none.circuit"), .. texts, "--text", At("test.tsv")]);
        Refuse("--label-column: is missing", ["evaluate", "--circuit", At("label.circuit"), "--model", _given.Model, .. autoencoders, "--text", At("test.tsv"), "--text-column", "2"]);
        Refuse("--task: is missing", ["evaluate", "--circuit", At("label.circuit"), "--model", _given.Model, .. autoencoders]);

        (string Output, string Messages) Succeed(string[] arguments)
        {
            (int exitCode, string output, string error) = CommandLine.Run(arguments);
            Assert.True(exitCode == 0, error);
            return (output, error);
        }

        void Refuse(string words, string[] arguments)
        {
            (int exitCode, _, string error) = CommandLine.Run(arguments);
            Assert.Equal(ExitCode.BadInput, exitCode);
            Assert.Contains(words, error, StringComparison.Ordinal);
        }
    }

    private static SparseAutoencoder Autoencoder(int seed)
    {
        const int Width = 64;
        const int Features = 40;
        Random random = new(seed);
        float[] Numbers(int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => (float)(scale * ((2 * random.NextDouble()) - 1)))];
        NativeBuffer<float> Matrix()
        {
            NativeBuffer<float> matrix = new(Width * Features);
            Numbers(Width * Features, 0.2).CopyTo(matrix.Slice(0, Width * Features));
            return matrix;
        }

        return new SparseAutoencoder(
            new SparseAutoencoderArchitecture { Kind = SparseAutoencoderKind.Standard },
            new SparseAutoencoderParameters { Encoder = Matrix(), Decoder = Matrix(), EncoderBias = new float[Features], DecoderBias = Numbers(Width, 0.1) },
            new SparseAutoencoderProvenance { Format = "test" });
    }

    private (int ExitCode, string Output, string Error) Discover(params string[] more) =>
        CommandLine.Run(["discover", "--model", _given.Model, "--task", _given.Task, "--method", "sfc", "--sae", "resid_post.1=" + At("sae1"), "--sae", "resid_post.2=" + At("sae2"), "--out", At("sfc.circuit"), .. more]);

    private (int ExitCode, string Output, string Error) Evaluate(string circuit, params string[] more) =>
        CommandLine.Run(["evaluate", "--circuit", At(circuit), "--model", _given.Model, "--task", _given.Task, "--sae", "resid_post.1=" + At("sae1"), "--sae", "resid_post.2=" + At("sae2"), .. more]);

    private string At(string name) => _given.Folder.PathOf(name);
}
