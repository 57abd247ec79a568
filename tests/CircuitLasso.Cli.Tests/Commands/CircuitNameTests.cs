using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class CircuitNameTests
{
    private const string Site = "resid_post.1";

    [Fact]
    public void Features_are_named_from_a_store_a_model_its_autoencoder_and_labels_and_shown()
    {
        using TemporaryFolder folder = new();
        Prepare(folder);
        File.WriteAllText(folder.PathOf("own.jsonl"), """{"node":"resid_post.1/2","label":"my own name"}""");
        (int exitCode, string output, string error) = CommandLine.Run(
            "circuit", "name", folder.PathOf("a.circuit"), "--store", folder.PathOf("store"), "--model", folder.PathOf("model"), "--sae", folder.PathOf("sae"),
            "--labels", folder.PathOf("own.jsonl"), "--neuronpedia", "tiny/{L}-res", "--examples", "2", "--out", folder.PathOf("b.circuit"));
        Assert.Equal((0, true), (exitCode, error.Contains("1 lines speak of the circuit", StringComparison.Ordinal)));
        Assert.StartsWith($"{folder.PathOf("b.circuit")}: 2 features, 2 with a label, 2 with examples", output, StringComparison.Ordinal);
        Circuit named = CircuitFile.Read(folder.PathOf("b.circuit"));
        Assert.Equal("my own name", named["resid_post.1/2"].Label);
        Assert.StartsWith("fires on “", named["resid_post.1/1"].Label, StringComparison.Ordinal);
        Assert.All(named.Profiles, profile => Assert.Equal((FeatureNaming.DefaultTokens, FeatureNaming.DefaultTokens, 6), (profile.Promoted.Count, profile.Suppressed.Count, (int)profile.Rows)));

        string shown = CommandLine.Run("circuit", "show", folder.PathOf("b.circuit")).Output;
        Assert.Contains("resid_post.1/2: my own name", shown, StringComparison.Ordinal);
        Assert.Contains("active on 50% of 6 rows", shown, StringComparison.Ordinal);
        Assert.Contains("  promotes “", shown, StringComparison.Ordinal);
        Assert.Contains("[", shown, StringComparison.Ordinal);
        Assert.Contains("https://www.neuronpedia.org/tiny/1-res/2", shown, StringComparison.Ordinal);
        JsonElement features = JsonDocument.Parse(CommandLine.Run("circuit", "show", folder.PathOf("b.circuit"), "--json").Output).RootElement.GetProperty("features");
        Assert.Equal(2, features.GetArrayLength());
        Assert.Equal("https://www.neuronpedia.org/tiny/1-res/1", features[0].GetProperty("page").GetString());

        Assert.Equal(0, CommandLine.Run("circuit", "report", folder.PathOf("b.circuit"), "--out", folder.PathOf("b.html")).ExitCode);
        Assert.Contains("my own name", File.ReadAllText(folder.PathOf("b.html")), StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run("circuit", "report", folder.PathOf("b.circuit"), "--sae", folder.PathOf("sae"), "--out", folder.PathOf("b.html")).ExitCode);
        Assert.Contains("Concepts along the circuit", File.ReadAllText(folder.PathOf("b.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_command_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        Prepare(folder);
        foreach (string name in new[] { "b", "c" })
        {
            Assert.Equal(0, CommandLine.Run(
                "circuit", "name", folder.PathOf("a.circuit"), "--store", folder.PathOf("store"), "--model", folder.PathOf("model"), "--sae", $"{Site}={folder.PathOf("sae")}", "--out", folder.PathOf(name)).ExitCode);
        }

        Assert.Equal(File.ReadAllBytes(folder.PathOf("b")), File.ReadAllBytes(folder.PathOf("c")));
    }

    [Fact]
    public void Texts_of_a_pooled_store_come_from_the_text_file_and_are_run_again_for_their_tokens()
    {
        using TemporaryFolder folder = new();
        Prepare(folder);
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(folder.PathOf("pooled"), new ActivationStoreManifest
        {
            Pooling = Pooling.Mean,
            Sites = [new StoreSite { Name = Site, Kind = StoreSiteKind.Sparse, Width = 20 }],
        }))
        {
            writer.BeginBatch([new StoreRow(0, 4), new StoreRow(1, 4)]);
            writer.WriteSparse(Site, [0, 1, 3], [1, 1, 2], [5, 2, 3]);
            writer.EndBatch();
            writer.Complete();
        }

        File.WriteAllText(folder.PathOf("text.txt"), "the cat sleeps .\nthe dogs sleep .\n");
        string[] command = ["circuit", "name", folder.PathOf("a.circuit"), "--store", folder.PathOf("pooled"), "--out", folder.PathOf("b.circuit")];
        Assert.Contains("frequencies without examples, for which --text is needed", CommandLine.Run(command).Error, StringComparison.Ordinal);
        Assert.Empty(CircuitFile.Read(folder.PathOf("b.circuit")).Examples);

        Assert.Equal(0, CommandLine.Run([.. command, "--text", folder.PathOf("text.txt")]).ExitCode);
        CircuitExample[] plain = [.. CircuitFile.Read(folder.PathOf("b.circuit")).Examples];
        Assert.Equal([("resid_post.1/1", "the cat sleeps .", 5.0), ("resid_post.1/1", "the dogs sleep .", 2), ("resid_post.1/2", "the dogs sleep .", 3)], plain.Select(example => (example.Node, example.Text, example.Value)));
        Assert.All(plain, example => Assert.Empty(example.Tokens));

        Assert.Equal(0, CommandLine.Run([.. command, "--text", folder.PathOf("text.txt"), "--model", folder.PathOf("model"), "--sae", folder.PathOf("sae")]).ExitCode);
        CircuitExample[] run = [.. CircuitFile.Read(folder.PathOf("b.circuit")).Examples];
        Assert.Equal(plain.Select(example => (example.Node, example.Value)), run.Select(example => (example.Node, example.Value)));
        Assert.All(run, example => Assert.True(example.Tokens.Count >= 4));
    }

    [Theory]
    [InlineData("--text: needs --store", "--text", "a")]
    [InlineData("--sae: needs --model", "--sae", "a")]
    [InlineData("--store: has a row for every token, which only a tokenizer can show", "--store", "STORE")]
    [InlineData("--examples: 101 is more than 100", "--examples", "101")]
    [InlineData("a/b/c: is no source of Neuronpedia", "--neuronpedia", "a/b/c")]
    [InlineData("no: there is no such file of labels", "--labels", "no")]
    public void What_makes_no_sense_is_refused_in_one_line(string message, params string[] options)
    {
        using TemporaryFolder folder = new();
        Prepare(folder);
        (int exitCode, _, string error) = CommandLine.Run(["circuit", "name", folder.PathOf("a.circuit"), "--out", folder.PathOf("b"), .. options.Select(option => option == "STORE" ? folder.PathOf("store") : option)]);
        Assert.Equal(2, exitCode);
        Assert.StartsWith("error: " + message, error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.PathOf("b")));
    }

    [Fact]
    public void Autoencoders_of_one_site_twice_or_too_small_for_the_circuit_are_refused()
    {
        using TemporaryFolder folder = new();
        Prepare(folder);
        string[] command = ["circuit", "name", folder.PathOf("a.circuit"), "--model", folder.PathOf("model"), "--out", folder.PathOf("b")];
        Assert.Contains("site resid_post.1 has another autoencoder already", CommandLine.Run([.. command, "--sae", folder.PathOf("sae"), folder.PathOf("sae")]).Error, StringComparison.Ordinal);
        CircuitFile.Write(Sample(3000), folder.PathOf("a.circuit"));
        Assert.Contains("has 20 features, and the circuit one called resid_post.1/3000", CommandLine.Run([.. command, "--sae", folder.PathOf("sae")]).Error, StringComparison.Ordinal);
    }

    private static void Prepare(TemporaryFolder folder)
    {
        EmbeddedModel.Extract(folder.PathOf("model"));
        CircuitFile.Write(Sample(2), folder.PathOf("a.circuit"));
        int width;
        using (TransformerModel model = ModelCheckpoint.Load(folder.PathOf("model")))
        {
            width = model.Description.Width;
        }

        NativeBuffer<float> encoder = Weights(width * 20, 1);
        using SparseAutoencoder autoencoder = new(
            new SparseAutoencoderArchitecture { Kind = SparseAutoencoderKind.TopK, K = 3, SubtractsDecoderBias = true },
            new SparseAutoencoderParameters { Encoder = encoder, Decoder = Weights(width * 20, 2), EncoderBias = new float[20], DecoderBias = new float[width] },
            new SparseAutoencoderProvenance { Format = "test", InputSite = Models.Site.Parse(Site), OutputSite = Models.Site.Parse(Site) });
        SaeLensFolder.Save(autoencoder, folder.PathOf("sae"));
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(folder.PathOf("store"), new ActivationStoreManifest
        {
            Pooling = Pooling.None,
            Sites = [new StoreSite { Name = Site, Kind = StoreSiteKind.Sparse, Width = 20 }],
        });
        writer.BeginBatch([.. Enumerable.Range(0, 6).Select(row => new StoreRow(row / 3, 3, 0, row % 3, 5 + row))]);
        writer.WriteSparse(Site, [0, 1, 2, 3, 4, 5, 6], [1, 2, 1, 2, 1, 2], [1, 2, 3, 4, 5, 6]);
        writer.EndBatch();
        writer.Complete();
    }

    private static Circuit Sample(int second) => new(
        [
            new CircuitNode($"{Site}/1", CircuitNodeKind.Feature, 1) { Layer = 1 },
            new CircuitNode($"{Site}/{second}", CircuitNodeKind.Feature, 1) { Layer = 1 },
            new CircuitNode("y", CircuitNodeKind.Target, 2),
        ],
        [new CircuitEdge($"{Site}/1", "y", 1), new CircuitEdge($"{Site}/{second}", "y", -2)]);

    private static NativeBuffer<float> Weights(int count, int seed)
    {
        Random random = new(seed);
        NativeBuffer<float> weights = new(count, zeroed: false);
        for (int i = 0; i < count; i++)
        {
            weights.Span[i] = (float)(random.NextDouble() - 0.5);
        }

        return weights;
    }
}
