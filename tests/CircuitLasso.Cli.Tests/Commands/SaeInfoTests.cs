using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class SaeInfoTests
{
    [Fact]
    public void Info_of_a_published_folder_tells_what_it_is_and_where_it_belongs()
    {
        string folder = Fixture("saelens-topk");
        (int exitCode, string output, string error) = CommandLine.Run("sae", "info", folder, "--json");
        Assert.Equal((0, string.Empty), (exitCode, error));
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement root = json.RootElement;
        Assert.Equal("saelens", root.GetProperty("format").GetString());
        Assert.Equal("topk", root.GetProperty("kind").GetString());
        Assert.Equal((24, 12, 12, 5), (root.GetProperty("features").GetInt32(), root.GetProperty("input_width").GetInt32(), root.GetProperty("output_width").GetInt32(), root.GetProperty("k").GetInt32()));
        Assert.Equal("layer_norm", root.GetProperty("normalization").GetString());
        Assert.Equal("resid_pre.8", root.GetProperty("input_site").GetString());
        Assert.Equal("gpt2-small/8-res-jb", root.GetProperty("neuronpedia").GetString());
        Assert.False(root.TryGetProperty("l0", out _));
        Assert.Contains("input_site            resid_pre.8", CommandLine.Run("sae", "info", folder).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_and_a_text_add_the_figures()
    {
        using TemporaryFolder folder = new();
        string model = folder.PathOf("model");
        EmbeddedModel.Extract(model);
        File.WriteAllText(folder.PathOf("text.txt"), "the boy sings .\nthe kings smile .\n");
        SaveIdentity(model, folder.PathOf("sae"));
        string[] arguments = ["sae", "info", folder.PathOf("sae"), "--model", model, "--text", folder.PathOf("text.txt"), "--json"];
        (int exitCode, string output, _) = CommandLine.Run(arguments);
        Assert.Equal(0, exitCode);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(1, json.RootElement.GetProperty("explained_variance").GetDouble(), 1e-6);
        Assert.Equal(2, json.RootElement.GetProperty("texts").GetInt64());
        int width = json.RootElement.GetProperty("input_width").GetInt32();
        Assert.Equal(width, json.RootElement.GetProperty("l0").GetDouble(), 1e-9);
        long tokens = json.RootElement.GetProperty("tokens").GetInt64();
        using JsonDocument skipped = JsonDocument.Parse(CommandLine.Run([.. arguments, "--skip-first", "1"]).Output);
        Assert.Equal(tokens - 2, skipped.RootElement.GetProperty("tokens").GetInt64());
        using JsonDocument elsewhere = JsonDocument.Parse(CommandLine.Run([.. arguments, "--site", "mlp_out.1"]).Output);
        Assert.Equal("mlp_out.1", elsewhere.RootElement.GetProperty("output_site").GetString());
    }

    [Fact]
    public void What_is_wrong_ends_in_one_line()
    {
        using TemporaryFolder folder = new();
        EmbeddedModel.Extract(folder.PathOf("model"));
        File.WriteAllText(folder.PathOf("text.txt"), "the boy sings .\n");
        AssertRefused("--text", "sae", "info", Fixture("saelens-topk"), "--model", folder.PathOf("model"));
        AssertRefused("--model", "sae", "info", Fixture("saelens-topk"), "--text", folder.PathOf("text.txt"));
        AssertRefused("width", "sae", "info", Fixture("saelens-topk"), "--site", "resid_pre.1", "--model", folder.PathOf("model"), "--text", folder.PathOf("text.txt"));
        AssertRefused("site", "sae", "info", Fixture("dictionary-learning-new"), "--model", folder.PathOf("model"), "--text", folder.PathOf("text.txt"));
        AssertRefused("no such site", "sae", "info", Fixture("saelens-topk"), "--site", "nowhere");
        AssertRefused("nowhere", "sae", "info", folder.PathOf("nowhere"));
        AssertRefused("no weights", "sae", "info", folder.Root);
    }

    private static void AssertRefused(string named, params string[] arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run(arguments);
        Assert.Equal((2, string.Empty), (exitCode, output));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    private static string Fixture(string name) => Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "SparseAutoencoders", "fixtures", name);

    private static void SaveIdentity(string modelFolder, string folder)
    {
        using TransformerModel model = ModelCheckpoint.Load(modelFolder);
        int width = model.Description.Width;
        NativeBuffer<float> encoder = new(2 * width * width);
        for (int i = 0; i < width; i++)
        {
            encoder.Span[(i * width) + i] = 1;
            encoder.Span[((width + i) * width) + i] = -1;
        }

        NativeBuffer<float> decoder = new(encoder.Length);
        encoder.Span.CopyTo(decoder.Span);
        Site site = new(SiteKind.ResidualAfter, 1);
        using SparseAutoencoder autoencoder = new(
            new() { Kind = SparseAutoencoderKind.Standard },
            new() { Encoder = encoder, Decoder = decoder, EncoderBias = new float[2 * width], DecoderBias = new float[width] },
            new() { Format = "test", InputSite = site, OutputSite = site });
        SaeLensFolder.Save(autoencoder, folder);
    }
}
