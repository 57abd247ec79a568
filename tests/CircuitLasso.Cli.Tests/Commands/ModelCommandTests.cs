using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class ModelCommandTests
{
    [Fact]
    public void Info_of_the_embedded_model_tells_architecture_backend_and_sites()
    {
        using TemporaryFolder folder = new();
        EmbeddedModel.Extract(folder.Root);
        (int exitCode, string output, string error) = CommandLine.Run("model", "info", folder.Root, "--json");
        Assert.Equal((0, string.Empty), (exitCode, error));
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal("gpt2", json.RootElement.GetProperty("family").GetString());
        Assert.Equal(4, json.RootElement.GetProperty("layers").GetInt32());
        Assert.Equal(225408, json.RootElement.GetProperty("parameters").GetInt64());
        Assert.Equal(MatrixBackend.Default.Name, json.RootElement.GetProperty("matrix_backend").GetString());
        Assert.Equal(4 * 16 + 2, json.RootElement.GetProperty("sites").GetArrayLength());
        Assert.Contains("attn_z.0", CommandLine.Run("model", "info", folder.Root).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_passes_on_the_models_own_tensors_and_exits_with_3_when_one_differs()
    {
        using TemporaryFolder folder = new();
        EmbeddedModel.Extract(folder.Root);
        string reference = folder.PathOf("reference.npz");
        WriteReference(folder.Root, reference, shift: 0);
        (int exitCode, string output, _) = CommandLine.Run("model", "check", folder.Root, "--reference", reference, "--json");
        Assert.Equal(0, exitCode);
        using JsonDocument passed = JsonDocument.Parse(output);
        Assert.True(passed.RootElement.GetProperty("passed").GetBoolean());
        Assert.Equal(["resid_post.1", "logits"], passed.RootElement.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
        Assert.All(passed.RootElement.GetProperty("tensors").EnumerateArray(), t => Assert.True(t.GetProperty("max_abs_diff").GetDouble() <= 1e-4));

        WriteReference(folder.Root, reference, shift: 0.001f);
        (exitCode, output, _) = CommandLine.Run("model", "check", folder.Root, "--reference", reference, "--json");
        Assert.Equal(3, exitCode);
        using JsonDocument failed = JsonDocument.Parse(output);
        Assert.False(failed.RootElement.GetProperty("passed").GetBoolean());
        Assert.Equal(0, CommandLine.Run("model", "check", folder.Root, "--reference", reference, "--tolerance", "0.01").ExitCode);
    }

    [Fact]
    public void Tokenize_prints_the_ids_of_every_row()
    {
        using TemporaryFolder folder = new();
        EmbeddedModel.Extract(folder.Root);
        string text = folder.PathOf("text.txt");
        File.WriteAllText(text, "the boy sings .\nthe kings\n");
        Tokenizer tokenizer = Tokenizer.Load(folder.Root);
        (int exitCode, string output, _) = CommandLine.Run("model", "tokenize", folder.Root, "--text", text, "--json");
        Assert.Equal(0, exitCode);
        using JsonDocument json = JsonDocument.Parse(output);
        int[][] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Select(id => id.GetInt32()).ToArray())];
        Assert.Equal([tokenizer.Encode("the boy sings ."), tokenizer.Encode("the kings")], rows);
        Assert.Equal(string.Join(' ', rows[1]), CommandLine.Run("model", "tokenize", folder.Root, "--text", text).Output.Trim().Split('\n')[1].Trim());
    }

    [Theory]
    [InlineData("stories260k", "stories260k")]
    [InlineData("tinystories-656k", "tinystories-656k")]
    [InlineData("tokenizers/gpt2", "gpt2")]
    [InlineData("tokenizers/gpt_neox", "gpt_neox")]
    public void Tokenize_prints_the_recorded_ids_of_every_row_empty_texts_included(string model, string name)
    {
        string recorded = SharedData.Require("tokenizers", $"ids-{name}.json");
        (int exitCode, string output, _) = CommandLine.Run("model", "tokenize", SharedData.Require(model.Split('/')), "--text", recorded, "--json");
        Assert.Equal(0, exitCode);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(recorded));
        using JsonDocument actual = JsonDocument.Parse(output);
        Assert.Equal(
            expected.RootElement.EnumerateArray().Select(row => Ids(row.GetProperty("ids"))),
            actual.RootElement.GetProperty("rows").EnumerateArray().Select(Ids));
        static string Ids(JsonElement list) => string.Join(' ', list.EnumerateArray().Select(id => id.GetInt32()));
    }

    private static void WriteReference(string model, string path, float shift)
    {
        int[] ids = [1, 5, 9, 30];
        Dictionary<string, float[]> values = [];
        using TransformerModel transformer = ModelCheckpoint.Load(model);
        using IDisposable mode = Tensors.GradientMode.Disable();
        using Tensors.TensorScope scope = new();
        ForwardHooks hooks = new();
        foreach (string site in (string[])["resid_post.1", "logits"])
        {
            hooks.Add(Site.Parse(site), (_, value) =>
            {
                values[site] = [.. value.ToArray().Select(x => x + shift)];
                return null;
            });
        }

        transformer.Forward(new TokenBatch([ids]), hooks);
        NpzFile.Write(path, [
            new("ids", NumPyArray.Create<long>([.. ids.Select(id => (long)id)], 4)),
            .. values.Select(pair => new KeyValuePair<string, NumPyArray>(pair.Key, NumPyArray.Create<float>(pair.Value, 4, pair.Value.Length / 4)))]);
    }
}
