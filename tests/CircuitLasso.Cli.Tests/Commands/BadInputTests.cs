using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

/// <summary>Each kind of bad input ends in one line that names the file, what is wrong and what to do, exit code 2, and nothing half-written.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public BadInputTests()
    {
        EmbeddedModel.Extract(Model);
        File.WriteAllText(Text, "the boy sings .\nthe kings sing .\nthe girl smiles .\nthe women smile .\n");
    }

    private string Model => _folder.PathOf("model");

    private string Text => _folder.PathOf("text.txt");

    private string Store => _folder.PathOf("store");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_checkpoint()
    {
        File.Delete(Path.Combine(Model, "model.safetensors"));
        AssertRefused("model.safetensors", "model", "info", Model);
        AssertRefused("config.json: no such file", "model", "info", _folder.PathOf("nowhere"));
    }

    [Fact]
    public void A_truncated_checkpoint()
    {
        string path = Path.Combine(Model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        AssertRefused("model.safetensors", "model", "info", Model);
        File.WriteAllBytes(path, bytes[..4]);
        AssertRefused("model.safetensors", "model", "info", Model);
    }

    [Fact]
    public void Overlapping_offsets_in_a_checkpoint()
    {
        const string header = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""";
        File.WriteAllBytes(Path.Combine(Model, "model.safetensors"), [.. BitConverter.GetBytes((ulong)header.Length), .. System.Text.Encoding.UTF8.GetBytes(header), .. new byte[12]]);
        AssertRefused("model.safetensors", "model", "info", Model);
    }

    [Theory]
    [InlineData("\"n_embd\": 64", "\"n_embd\": 128", "shape")]
    [InlineData("\"n_layer\": 4", "\"n_layer\": 3", "has no place")]
    [InlineData("\"n_layer\": 4", "\"n_layer\": 5", "has no tensor")]
    [InlineData("\"model_type\": \"gpt2\"", "\"model_type\": \"mamba\"", "architecture 'mamba'")]
    [InlineData("\"gelu_new\"", "\"softplus\"", "softplus")]
    public void A_config_that_does_not_match(string old, string replacement, string reason)
    {
        string path = Path.Combine(Model, "config.json");
        string config = File.ReadAllText(path);
        Assert.Contains(old, config, StringComparison.Ordinal);
        File.WriteAllText(path, config.Replace(old, replacement, StringComparison.Ordinal));
        AssertRefused(reason, "model", "info", Model);
    }

    [Fact]
    public void An_unknown_tokenizer_type()
    {
        string path = Path.Combine(Model, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"WordLevel\"", "\"Unigram\"", StringComparison.Ordinal));
        AssertRefused("Unigram", "model", "tokenize", Model, "--text", Text);
    }

    [Fact]
    public void An_empty_text()
    {
        File.WriteAllText(Text, string.Empty);
        AssertRefused("text.txt", "collect", "--model", Model, "--text", Text, "--out", Store);
        Assert.False(Directory.Exists(Store));
    }

    [Fact]
    public void A_text_that_is_not_UTF_8()
    {
        File.WriteAllBytes(Text, [(byte)'a', 0xFF, 0xFE, (byte)'\n']);
        AssertRefused("text.txt", "collect", "--model", Model, "--text", Text, "--out", Store);
        Assert.False(Directory.Exists(Store));
    }

    [Fact]
    public void A_label_column_with_one_class()
    {
        string table = _folder.PathOf("text.tsv");
        File.WriteAllText(table, "1\tthe boy sings .\n1\tthe kings sing .\n");
        AssertRefused("one class", "collect", "--model", Model, "--text", table, "--text-column", "2", "--label-column", "1", "--out", Store);
    }

    [Fact]
    public void A_store_made_by_another_model()
    {
        Assert.Equal(0, CommandLine.Run("collect", "--model", Model, "--text", Text, "--out", Store, "--quiet").ExitCode);
        using (TransformerModel model = ModelCheckpoint.Load(Model))
        using (TransformerModel other = new(model.Description, ParameterInitializer.Random(model.Description, 3)))
        {
            ModelCheckpoint.SaveGpt2(other, Model);
        }

        AssertRefused("another model", "collect", "--model", Model, "--text", Text, "--out", Store);
        AssertRefused("another model", "learn", "--store", Store, "--target", "logit:boy", "--out", _folder.PathOf("a.circuit"));
        Assert.False(File.Exists(_folder.PathOf("a.circuit")));
    }

    [Theory]
    [InlineData("no such site", "--sites", "resid_past.1")]
    [InlineData("layers 0 to 3", "--sites", "resid_post.9")]
    [InlineData("no fixed number of columns", "--sites", "attn_pattern.0")]
    [InlineData("names no site", "--sites", ",")]
    [InlineData("--max-tokens", "--max-tokens", "0")]
    [InlineData("two columns", "--answers", "good")]
    public void Collect_with_options_that_make_no_sense(string reason, params string[] options) =>
        AssertRefused(reason, ["collect", "--model", Model, "--text", Text, "--out", Store, .. options]);

    [Fact]
    public void Learn_with_options_that_make_no_sense()
    {
        Assert.Equal(0, CommandLine.Run("collect", "--model", Model, "--text", Text, "--out", Store, "--quiet").ExitCode);
        string circuit = _folder.PathOf("a.circuit");
        AssertRefused("either --store or --blocks", "learn", "--out", circuit);
        AssertRefused("--order", "learn", "--blocks", "x.npy", "--out", circuit);
        AssertRefused("no labels", "learn", "--store", Store, "--target", "label", "--out", circuit);
        AssertRefused("no target nonsense", "learn", "--store", Store, "--target", "nonsense", "--out", circuit);
        AssertRefused("not one token", "learn", "--store", Store, "--target", "logit:zzz zzz", "--out", circuit);
        AssertRefused("two tokens", "learn", "--store", Store, "--target", "logitdiff:boy", "--out", circuit);
        AssertRefused("stands beside", "learn", "--store", Store, "--lambda", "1", "--lambda-ratio", "0.1", "--out", circuit);
        AssertRefused("--min-weight", "learn", "--store", Store, "--min-weight", "5", "--out", circuit);
        AssertRefused("--stability", "learn", "--store", Store, "--stability", "100000000", "--out", circuit);
        AssertRefused("--path", "learn", "--store", Store, "--path", "100000000", "--out", circuit);
        AssertRefused("its folder does not exist", "learn", "--store", Store, "--out", _folder.PathOf("no", "a.circuit"));
        AssertRefused("is read by this command", "learn", "--blocks", "x.npy", "./y.npy", "--order", "order.txt", "--out", "y.npy");
        AssertRefused("--min-weight", "learn", "--store", Store, "--min-weight", "NaN", "--out", circuit);
        AssertRefused("--order: does not go", "learn", "--store", Store, "--order", "order.txt", "--out", circuit);
        AssertRefused("--seed", "learn", "--store", Store, "--seed", "-1", "--out", circuit);
        AssertRefused("folds", "learn", "--store", Store, "--target", "logprob", "--out", circuit);
        AssertRefused("nowhere", "learn", "--store", _folder.PathOf("nowhere"), "--out", circuit);
        Assert.False(File.Exists(circuit));
    }

    private static void AssertRefused(string reason, params string[] arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run(arguments);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        string[] lines = error.TrimEnd().Split('\n');
        Assert.StartsWith("error: ", lines[^1], StringComparison.Ordinal);
        Assert.Single(lines, line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.Contains(reason, lines[^1], StringComparison.Ordinal);
        Assert.Contains("; ", lines[^1], StringComparison.Ordinal);
    }
}
