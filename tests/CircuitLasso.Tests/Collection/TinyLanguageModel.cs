using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>A random GPT-2-style model of two layers with a word-level tokenizer, in a folder of its own, and texts of its words.</summary>
internal sealed class TinyLanguageModel : IDisposable
{
    public const int MaximumPositions = 12;

    public static readonly string[] Words = ["<unk>", "<s>", "the", "cat", "cats", "near", "tree", "runs", "run", "and", "dog", "sees", "us"];

    private readonly TemporaryFolder _folder = new();

    public TinyLanguageModel(ulong seed = 7, bool beginningToken = true)
    {
        ModelDescription description = new()
        {
            Family = "gpt2",
            Layers = 2,
            Width = 12,
            VocabularySize = Words.Length,
            MaximumPositions = MaximumPositions,
            LearnedPositions = true,
            TiedEmbeddings = true,
            Normalization = new NormalizationDescription(NormalizationKind.Layer, 1e-5f),
            Attention = new AttentionDescription
            {
                Heads = 3,
                KeyValueHeads = 3,
                HeadWidth = 4,
                HasInputBias = true,
                HasOutputBias = true,
                ScoreScales = [0.5f, 0.5f],
            },
            Mlp = new MlpDescription(20, Activation.GeluTanh, false, true),
        };
        Model = new TransformerModel(description, ParameterInitializer.Random(description, seed, deviation: 0.3f));
        ModelCheckpoint.SaveGpt2(Model, Folder);
        File.WriteAllText(Path.Combine(Folder, "tokenizer.json"), TokenizerJson(beginningToken, Words));
        Tokenizer = Tokenizer.Load(Folder);
    }

    public string Folder => _folder.PathOf("model");

    public TransformerModel Model { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>Texts of 1 to 10 words, the same for the same seed.</summary>
    public static string[] Texts(int count, int seed = 1)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(1, 11)).Select(_ => Words[random.Next(2, Words.Length)])))];
    }

    public static string TokenizerJson(bool beginningToken, string[] words) => JsonSerializer.Serialize(new
    {
        version = "1.0",
        added_tokens = words[..2].Select((word, id) => new { id, content = word, single_word = false, lstrip = false, rstrip = false, normalized = false, special = true }),
        pre_tokenizer = new { type = "WhitespaceSplit" },
        post_processor = beginningToken
            ? new
            {
                type = "TemplateProcessing",
                single = new object[] { new { SpecialToken = new { id = "<s>", type_id = 0 } }, new { Sequence = new { id = "A", type_id = 0 } } },
                pair = new object[] { new { Sequence = new { id = "A", type_id = 0 } }, new { Sequence = new { id = "B", type_id = 1 } } },
                special_tokens = new Dictionary<string, object> { ["<s>"] = new { id = "<s>", ids = (int[])[1], tokens = (string[])["<s>"] } },
            }
            : null,
        model = new { type = "WordLevel", vocab = words.Select((word, id) => (word, id)).ToDictionary(pair => pair.word, pair => pair.id), unk_token = "<unk>" },
    });

    /// <summary>Writes lines of text.</summary>
    public string WriteText(string name, IEnumerable<string> lines)
    {
        string path = _folder.PathOf(name);
        File.WriteAllLines(path, lines);
        return path;
    }

    public string PathOf(string name) => _folder.PathOf(name);

    public ActivationCollector Collector(string textFile, CollectionOptions options, TextOptions? text = null) =>
        new(Model, Folder, Tokenizer, TextSource.Open(textFile, text ?? new TextOptions()), options);

    public CollectionOptions Options(string sites = "components", Pooling pooling = Pooling.Last) =>
        new() { Sites = CollectionOptions.ParseSites(sites, Model.Description), Pooling = pooling };

    /// <summary>The value of a site in a pass over one text alone, positions x width, whatever its shape within a position.</summary>
    public float[][] HookedAlone(Site site, int[] ids)
    {
        float[]? values = null;
        ForwardHooks hooks = new();
        hooks.Add(site, (_, value) =>
        {
            values = value.ToArray();
            return null;
        });
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        Model.Forward(new TokenBatch([ids]), hooks);
        return [.. values!.Chunk(values!.Length / ids.Length)];
    }

    /// <summary>Logits at every position of one text alone.</summary>
    public float[][] LogitsAlone(int[] ids) => HookedAlone(new Site(SiteKind.Logits), ids);

    public void Dispose()
    {
        Model.Dispose();
        _folder.Dispose();
    }
}
