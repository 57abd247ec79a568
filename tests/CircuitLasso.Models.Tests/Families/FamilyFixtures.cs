using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>Small random models of every family, with tensors that <c>fixtures/reference.py</c> computed for them in float64 by code of its own.</summary>
internal static class FamilyFixtures
{
    /// <summary>All of them.</summary>
    public static string[] All { get; } =
    [
        "gpt2", "gpt_neox", "gpt_neox_sequential", "llama", "qwen2", "qwen3", "gemma2", "hooked_rms_bidirectional", "hooked_without_norm", "hooked_parallel",
    ];

    /// <summary>All of them, for theories.</summary>
    public static TheoryData<string> Names => new(All);

    /// <summary>Models of the same families that others made, with references of Hugging Face's own code, in the shared data.</summary>
    public static TheoryData<string> MadeElsewhere => new("gpt2", "gpt_neox", "gpt_neox_seq", "llama", "llama31", "qwen2", "qwen3", "gemma2");

    /// <summary>The script that made them.</summary>
    public static string Script => Path.Combine(Root, "reference.py");

    private static string Root => Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "Families", "fixtures");

    /// <summary>Those whose outputs are tokens.</summary>
    public static TheoryData<string> LanguageModels => new(All.Where(name => !name.StartsWith("hooked", StringComparison.Ordinal)).ToArray());

    /// <summary>The words of the tokenizer that <see cref="CopyWithTokenizer"/> writes.</summary>
    public static string[] Words { get; } = ["<unk>", "the", "cat", "cats", "near", "tree", "runs", "run", "dog", "sees", "us"];

    /// <summary>Copies a model and gives it a tokenizer of <see cref="Words"/> between blanks.</summary>
    public static void CopyWithTokenizer(string name, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in (string[])["config.json", "model.safetensors"])
        {
            File.Copy(Path.Combine(Folder(name), file), Path.Combine(folder, file));
        }

        string vocabulary = string.Join(",", Words.Select((word, id) => FormattableString.Invariant($"\"{word}\":{id}")));
        File.WriteAllText(
            Path.Combine(folder, "tokenizer.json"),
            """{"version":"1.0","added_tokens":[],"pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"type":"WordLevel","unk_token":"<unk>","vocab":{""" + vocabulary + "}}}");
    }

    /// <summary>Texts of its words, the same for the same seed.</summary>
    public static string[] Texts(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(2, 8)).Select(_ => Words[random.Next(1, Words.Length)])))];
    }

    /// <summary>The folder of a model.</summary>
    public static string Folder(string name) => Path.Combine(Root, name);

    /// <summary>The reference of a model.</summary>
    public static string Reference(string name) => Path.Combine(Root, name, "reference.npz");
}
