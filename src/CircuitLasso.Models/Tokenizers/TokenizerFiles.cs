namespace CircuitLasso.Models;

/// <summary>The files by which a model's folder tells how text becomes token ids.</summary>
public static class TokenizerFiles
{
    /// <summary>Hugging Face's one file, which is read where there is one.</summary>
    internal const string Json = "tokenizer.json";

    /// <summary>The settings beside GPT-2's files, where there are any.</summary>
    internal const string Settings = "tokenizer_config.json";

    /// <summary>Every file that belongs to a tokenizer of Hugging Face or of GPT-2's own release, whether it is read here or not.</summary>
    internal static readonly IReadOnlyList<string> All =
        [Json, Settings, "vocab.json", "merges.txt", "encoder.json", "vocab.bpe", "special_tokens_map.json", "added_tokens.json", "tokenizer.model"];

    // A vocabulary and its merges: as Hugging Face names them, and as GPT-2's own release does.
    private static readonly (string Vocabulary, string Merges)[] _gpt2 = [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")];

    /// <summary>
    /// The names of the files of a folder that <see cref="Tokenizer.Load"/> reads: <c>tokenizer.json</c>, else GPT-2's vocabulary and merges, with <c>tokenizer_config.json</c> where
    /// there is one. Empty where the folder has neither.
    /// </summary>
    public static IReadOnlyList<string> In(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (File.Exists(Path.Combine(folder, Json)))
        {
            return [Json];
        }

        return Gpt2(folder) is not { } files ? []
            : File.Exists(Path.Combine(folder, Settings)) ? [files.Vocabulary, files.Merges, Settings]
            : [files.Vocabulary, files.Merges];
    }

    /// <summary>The names of GPT-2's two files in a folder; null where one of them is missing.</summary>
    internal static (string Vocabulary, string Merges)? Gpt2(string folder)
    {
        foreach ((string vocabulary, string merges) in _gpt2)
        {
            if (File.Exists(Path.Combine(folder, vocabulary)) && File.Exists(Path.Combine(folder, merges)))
            {
                return (vocabulary, merges);
            }
        }

        return null;
    }
}
