using System.Text.Json;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>Converting models that PyTorch itself saved (<c>fixtures/make_fixtures.py</c>): every element is a formula of its tensor's name and its place.</summary>
public sealed class TorchConversionTests
{
    [Theory]
    [InlineData("interpbench-dict", 28)]
    [InlineData("interpbench-object", 28)]
    [InlineData("gpt2-single", 28)]
    [InlineData("gpt2-shards", 28)]
    public void Every_tensor_keeps_its_name_its_type_and_its_elements(string source, int tensors)
    {
        using TemporaryFolder folder = new();
        TorchConversionResult result = TorchConversion.Convert(Fixture(source), null, folder.Root);
        Assert.Equal(tensors, result.Tensors);
        using SafeTensorsCheckpoint checkpoint = new(folder.Root);
        Assert.Equal(tensors, checkpoint.Tensors.Count);
        foreach ((string name, SafeTensorsEntry entry) in checkpoint.Tensors)
        {
            string bare = name.Replace("transformer.", string.Empty, StringComparison.Ordinal);
            SafeTensorsDataType expected = name.EndsWith("c_fc.weight", StringComparison.Ordinal) ? SafeTensorsDataType.Float16
                : name.EndsWith("c_proj.weight", StringComparison.Ordinal) ? SafeTensorsDataType.BFloat16
                : SafeTensorsDataType.Float32;
            Assert.Equal(expected, entry.DataType);
            float[] values = new float[entry.Shape.Aggregate(1L, (product, size) => product * size)];
            checkpoint.ReadSingle(name, values);
            int seed = bare.Sum(character => character) % 97;
            Assert.Equal(Enumerable.Range(0, values.Length).Select(i => ((((37 * i) + seed) % 101) - 50) / 64f), values);
        }

        using TransformerModel model = ModelCheckpoint.Load(folder.Root);
        Assert.Equal(2, model.Description.Layers);
    }

    [Fact]
    public void A_configuration_is_read_alike_from_a_dictionary_and_from_an_object()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.PathOf("a"));
        Directory.CreateDirectory(folder.PathOf("b"));
        TorchConversionResult result = TorchConversion.Convert(Fixture("interpbench-dict"), null, folder.PathOf("a"));
        TorchConversion.Convert(Path.Combine(Fixture("interpbench-object"), "ll_model.pth"), null, folder.PathOf("b"));
        Assert.Equal(File.ReadAllText(folder.PathOf("a", "config.json")), File.ReadAllText(folder.PathOf("b", "config.json")));
        Assert.Equal(File.ReadAllBytes(folder.PathOf("a", "model.safetensors")), File.ReadAllBytes(folder.PathOf("b", "model.safetensors")));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(folder.PathOf("a", "config.json")));
        JsonElement root = document.RootElement;
        Assert.Equal("hooked_transformer", root.GetProperty("model_type").GetString());
        Assert.Equal(Math.Sqrt(3), root.GetProperty("attn_scale").GetDouble());
        Assert.Equal(0.8 / Math.Sqrt(6), root.GetProperty("initializer_range").GetDouble());
        Assert.Equal("torch.float32", root.GetProperty("dtype").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("normalization_type").ValueKind);
        Assert.True(root.GetProperty("use_attn_scale").GetBoolean());
        Assert.False(root.TryGetProperty("device", out _));
        Assert.Equal(["blocks.0.attn.mask", "blocks.0.attn.IGNORE", "blocks.1.attn.mask", "blocks.1.attn.IGNORE"], result.LeftOut);
        Assert.Equal((2, 4, 6, 3, 10, 7, 3), (result.Description.Layers, result.Description.Attention.Heads, result.Description.Width,
            result.Description.Attention.HeadWidth, result.Description.Mlp.HiddenWidth, result.Description.VocabularySize, result.Description.OutputSize));
    }

    [Fact]
    public void A_Hugging_Face_folder_keeps_its_configuration_and_its_tokenizer()
    {
        using TemporaryFolder folder = new();
        TorchConversionResult result = TorchConversion.Convert(Fixture("gpt2-shards"), null, folder.Root);
        Assert.Equal(["vocab.json", "merges.txt"], result.TokenizerFiles);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Fixture("gpt2-shards"), "config.json")), File.ReadAllBytes(folder.PathOf("config.json")));
        Assert.Contains("lm_head.weight", result.LeftOut);
        Assert.Equal([2], Tokenizer.Load(folder.Root).Encode("ab"));
    }

    [Fact]
    public void A_configuration_is_found_in_the_folder_above_or_where_the_caller_says()
    {
        using TemporaryFolder folder = Copy("interpbench-dict");
        Directory.CreateDirectory(folder.PathOf("inner"));
        File.Move(folder.PathOf("ll_model.pth"), folder.PathOf("inner", "ll_model_100_100_80.pth"));
        Assert.Equal(28, Convert(folder.PathOf("inner")).Tensors);
        File.Move(folder.PathOf("ll_model_cfg.pkl"), folder.PathOf("other.pkl"));
        Assert.Contains("ll_model_cfg.pkl", Assert.Throws<InputException>(() => Convert(folder.PathOf("inner"))).Problem, StringComparison.Ordinal);
        Assert.Equal(28, Convert(folder.PathOf("inner"), folder.PathOf("other.pkl")).Tensors);
    }

    [Fact]
    public void What_is_no_model_is_refused_with_its_name()
    {
        using TemporaryFolder folder = Copy("interpbench-dict");
        Refused(folder.PathOf("missing"), "does not exist");
        File.Copy(folder.PathOf("ll_model.pth"), folder.PathOf("a.pth"));
        File.Move(folder.PathOf("ll_model.pth"), folder.PathOf("b.pth"));
        Refused(folder.Root, "several .pth files");
        File.Delete(folder.PathOf("a.pth"));
        File.Delete(folder.PathOf("b.pth"));
        Refused(folder.Root, "no .pth files");
        File.Copy(folder.PathOf("ll_model_cfg.pkl"), folder.PathOf("b.pth"));
        Refused(folder.Root, "which is no tensor");
        File.Copy(folder.PathOf("edges.pkl"), folder.PathOf("ll_model_cfg.pkl"), overwrite: true);
        Refused(folder.Root, "neither a dictionary nor a HookedTransformerConfig");
    }

    [Fact]
    public void Tensors_that_the_configuration_does_not_describe_are_refused()
    {
        using TemporaryFolder folder = Copy("gpt2-single");
        string text = File.ReadAllText(folder.PathOf("config.json"));
        File.WriteAllText(folder.PathOf("config.json"), text.Replace("\"n_layer\": 2", "\"n_layer\": 3", StringComparison.Ordinal));
        Refused(folder.Root, "has no tensor 'transformer.h.2.ln_1.weight'");
        File.WriteAllText(folder.PathOf("config.json"), text.Replace("\"n_layer\": 2", "\"n_layer\": 1", StringComparison.Ordinal));
        Refused(folder.Root, "tensor 'transformer.h.1.attn.c_attn.bias' has no place");
        File.WriteAllText(folder.PathOf("config.json"), text.Replace("\"vocab_size\": 11", "\"vocab_size\": 12", StringComparison.Ordinal));
        Refused(folder.Root, "has shape [11, 8]");
        File.WriteAllText(folder.PathOf("config.json"), text.Replace("gpt2", "bert", StringComparison.Ordinal));
        Refused(folder.Root, "architecture 'bert' is not known");
        Assert.Contains("--config", Assert.Throws<InputException>(() => Convert(folder.Root, folder.PathOf("config.json"))).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"../pytorch_model-00001-of-00003.bin\"", "is not the name of a file")]
    [InlineData("\"\"", "is not the name of a file")]
    [InlineData("3", "is not a text")]
    [InlineData("\"missing.bin\"", "does not exist")]
    [InlineData("\"pytorch_model-00003-of-00003.bin\"", "has no tensor 'transformer.wte.weight'")]
    public void An_index_that_names_what_is_not_there_is_refused(string shard, string problem)
    {
        using TemporaryFolder folder = Copy("gpt2-shards");
        string path = folder.PathOf("pytorch_model.bin.index.json");
        string text = File.ReadAllText(path);
        const string first = "\"transformer.wte.weight\": \"pytorch_model-00001-of-00003.bin\"";
        Assert.Contains(first, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(first, "\"transformer.wte.weight\": " + shard, StringComparison.Ordinal));
        Refused(folder.Root, problem);
    }

    [Fact]
    public void Work_stops_when_it_is_cancelled()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => TorchConversion.Convert(Fixture("gpt2-single"), null, folder.Root, null, cancelled.Token));
        Assert.False(File.Exists(folder.PathOf("model.safetensors")));
    }

    [Theory]
    [InlineData("interpbench-dict", "ll_model.pth")]
    [InlineData("interpbench-dict", "ll_model_cfg.pkl")]
    [InlineData("interpbench-object", "ll_model_cfg.pkl")]
    [InlineData("gpt2-single", "pytorch_model.bin")]
    [InlineData("gpt2-shards", "pytorch_model.bin.index.json")]
    public void Damaged_files_are_refused_or_converted_but_never_fail_otherwise(string source, string file)
    {
        using TemporaryFolder folder = Copy(source);
        byte[] valid = File.ReadAllBytes(folder.PathOf(file));
        int refused = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            Mutation.Overwrite(folder.PathOf(file), Mutation.Apply(valid, new Random(seed)));
            try
            {
                Convert(folder.Root);
            }
            catch (InputException)
            {
                refused++;
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }
        }

        Assert.InRange(refused, 150, 500);
    }

    private static string Fixture(string name) => Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "Conversion", "fixtures", name);

    private static TemporaryFolder Copy(string fixture)
    {
        TemporaryFolder folder = new();
        foreach (string file in Directory.GetFiles(Fixture(fixture)))
        {
            File.Copy(file, folder.PathOf(Path.GetFileName(file)));
        }

        return folder;
    }

    private static TorchConversionResult Convert(string source, string? configuration = null)
    {
        using TemporaryFolder output = new();
        return TorchConversion.Convert(source, configuration, output.Root);
    }

    private static void Refused(string source, string problem) =>
        Assert.Contains(problem, Assert.Throws<InputException>(() => Convert(source)).Problem, StringComparison.Ordinal);
}
