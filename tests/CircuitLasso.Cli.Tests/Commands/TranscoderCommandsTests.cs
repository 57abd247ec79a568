using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli.Tests;

/// <summary>Transcoders from file to report: collected, learnt from, named, drawn, found by gradients, measured by ablation.</summary>
public sealed class TranscoderCommandsTests : IDisposable
{
    private readonly AgreementTask _given = new();
    private readonly string[] _saes;

    public TranscoderCommandsTests()
    {
        // SAELens's name of what the MLP reads after its norm means another thing, so the site is said; the other file says both.
        foreach ((int layer, Site read, bool hasSkip) in new[] { (1, new Site(SiteKind.MlpNormalized, 1), true), (2, new Site(SiteKind.MlpInput, 2), false) })
        {
            using SparseAutoencoder transcoder = Transcoder(layer, read, hasSkip);
            SaeLensFolder.Save(transcoder, At("transcoder" + layer));
        }

        _saes = ["mlp_normalized.1:mlp_out.1=" + At("transcoder1"), At("transcoder2")];
        File.WriteAllLines(At("texts.txt"), EmbeddedGrammar.Load().GenerateExamples(5, 60, ExampleSplit.HeldOut).Select(example => example.Sentence));
    }

    public void Dispose() => _given.Dispose();

    [Fact]
    public void They_are_collected_learnt_from_named_and_drawn()
    {
        Run(["collect", "--model", _given.Model, "--text", At("texts.txt"), "--sae", .. _saes, "--pool", "mean", "--out", At("store")]);
        using (ActivationStoreReader store = ActivationStoreReader.Open(At("store")))
        {
            Assert.Equal([("mlp_out.1", "mlp_normalized.1"), ("mlp_out.2", "mlp_in.2")], store.Manifest.Sites.Where(site => site.Kind == StoreSiteKind.Sparse).Select(site => (site.Name, site.Reads!)));
        }

        Run("learn", "--store", At("store"), "--toward", "mlp_out.2/3", "--lambda-ratio", "0.1", "--out", At("a.circuit"));
        Circuit circuit = CircuitFile.Read(At("a.circuit"));
        Assert.Contains(circuit.Edges, edge => edge.InCircuit && edge.Source.StartsWith("mlp_out.1/", StringComparison.Ordinal));
        Assert.Equal("mlp_in.2", circuit.Provenance["transcoder_reads.mlp_out.2"]);
        Assert.Contains("coordinate", Run("circuit", "show", At("a.circuit"), "--edges", "100"), StringComparison.Ordinal);

        Run(["circuit", "name", At("a.circuit"), "--store", At("store"), "--model", _given.Model, "--sae", .. _saes, "--text", At("texts.txt"), "--out", At("b.circuit")]);
        Circuit named = CircuitFile.Read(At("b.circuit"));
        Assert.Contains(named.Examples, example => example.Node == "mlp_out.2/3" && example.Tokens.Any(token => token.Value > 0));
        Assert.Contains(named.Profiles, profile => profile.Promoted.Count > 0);
        Run(["circuit", "phenomena", At("b.circuit"), "--sae", .. _saes, "--model", _given.Model, "--text", At("texts.txt"), "--texts", "20", "--out", At("c.circuit")]);
        Run(["circuit", "report", At("c.circuit"), "--sae", .. _saes, "--out", At("c.html")]);
        Assert.Contains("Features of mlp_out.2", File.ReadAllText(At("c.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void They_are_found_by_gradients_and_measured_by_ablation_as_the_library_does()
    {
        Run(["discover", "--model", _given.Model, "--task", _given.Task, "--method", "sfc", "--sae", .. _saes, "--node-threshold", "0.0005", "--edge-threshold", "0.0001", "--out", At("sfc.circuit")]);
        Circuit circuit = CircuitFile.Read(At("sfc.circuit"));
        Assert.Contains(circuit.Nodes, node => node.Name.StartsWith("mlp_out.1/", StringComparison.Ordinal));
        JsonElement json = JsonDocument.Parse(Run(["evaluate", "--circuit", At("sfc.circuit"), "--model", _given.Model, "--task", _given.Task, "--sae", .. _saes, "--json"])).RootElement;
        using TransformerModel model = ModelCheckpoint.Load(_given.Model);
        IReadOnlyList<SiteAutoencoder> autoencoders = SiteAutoencoder.Load(_saes);
        AutoencoderSites sites = new(model, autoencoders);
        FeatureCircuitEvaluator evaluator = new(sites, BehaviourTaskFile.Read(_given.Task, Tokenizer.Load(_given.Model), model).Task);
        CircuitEvaluation expected = evaluator.Evaluate([.. FeatureRanking.NodesInCircuit(circuit, sites)], TestContext.Current.CancellationToken);
        Assert.Equal(expected.Faithfulness, json.GetProperty("nodes").GetProperty("faithfulness").GetDouble(), 1e-6);
        foreach (SiteAutoencoder entry in autoencoders)
        {
            entry.Autoencoder.Dispose();
        }
    }

    [Theory]
    [InlineData("does not say which site it encodes", "transcoder1")]
    [InlineData("names more than two sites", "mlp_in.1:mlp_normalized.1:mlp_out.1=transcoder1")]
    [InlineData("reads mlp_in.2 and writes mlp_out.1", "mlp_in.2:mlp_out.1=transcoder1")]
    [InlineData("a whole state of the residual stream", "mlp_in.1:resid_post.1=transcoder1")]
    [InlineData("site mlp_out.2 has another autoencoder already", "mlp_in.2:mlp_out.2=transcoder1", "transcoder2")]
    public void What_does_not_fit_ends_in_one_line(string problem, params string[] saes)
    {
        string[] named = [.. saes.Select(sae => sae.Contains('=', StringComparison.Ordinal) ? sae.Replace("=", "=" + At(string.Empty) + "/", StringComparison.Ordinal) : At(sae))];
        (int exitCode, _, string error) = CommandLine.Run(["collect", "--model", _given.Model, "--text", At("texts.txt"), "--sae", .. named, "--out", At("store")]);
        Assert.Equal(ExitCode.BadInput, exitCode);
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(At("store")));
    }

    private static string Run(params string[] arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run([.. arguments, "--quiet"]);
        Assert.True(exitCode == 0, error);
        return output;
    }

    private static SparseAutoencoder Transcoder(int layer, Site read, bool hasSkip)
    {
        const int Width = 64;
        const int Features = 40;
        Random random = new(layer);
        float[] Numbers(int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => (float)(scale * ((2 * random.NextDouble()) - 1)))];
        NativeBuffer<float> Matrix(int rows)
        {
            NativeBuffer<float> matrix = new(rows * Width);
            Numbers(rows * Width, 0.2).CopyTo(matrix.Slice(0, rows * Width));
            return matrix;
        }

        return new SparseAutoencoder(
            new SparseAutoencoderArchitecture { Kind = SparseAutoencoderKind.Standard, IsTranscoder = true },
            new SparseAutoencoderParameters
            {
                Encoder = Matrix(Features),
                Decoder = Matrix(Features),
                EncoderBias = new float[Features],
                DecoderBias = Numbers(Width, 0.1),
                Skip = hasSkip ? Matrix(Width) : null,
            },
            new SparseAutoencoderProvenance { Format = "test", InputSite = read, OutputSite = new Site(SiteKind.MlpOutput, layer) });
    }

    private string At(string name) => _given.Folder.PathOf(name);
}
