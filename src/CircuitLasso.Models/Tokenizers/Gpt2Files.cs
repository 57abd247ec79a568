using System.Text;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// GPT-2's tokenizer as two files: a vocabulary (<c>vocab.json</c>, or <c>encoder.json</c> of its own release) and one merge a line (<c>merges.txt</c>, or
/// <c>vocab.bpe</c>). The files name only tokens, so the rest is GPT-2's; a folder whose other files name another tokenizer is refused.
/// </summary>
internal sealed class Gpt2Files
{
    private const string EndOfText = "<|endoftext|>";
    private const string MergesRemedy = "copy the file again from where it came";
    private static readonly string[] _models = ["gpt2", "hooked_transformer"];
    private static readonly string[] _tokenizers = ["GPT2Tokenizer", "GPT2TokenizerFast"];

    private Gpt2Files(BytePairModel model, AddedTokens addedTokens, bool addPrefixSpace)
    {
        Model = model;
        AddedTokens = addedTokens;
        AddPrefixSpace = addPrefixSpace;
    }

    /// <summary>The vocabulary and the merges.</summary>
    public BytePairModel Model { get; }

    /// <summary>The end of a text, where the vocabulary has it.</summary>
    public AddedTokens AddedTokens { get; }

    /// <summary>Whether every text gets a space before it.</summary>
    public bool AddPrefixSpace { get; }

    /// <summary>Reads the two files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="vocabulary">The vocabulary: its path and content.</param>
    /// <param name="merges">The merges: their path and content.</param>
    /// <exception cref="InputException">One of the files is damaged, or the folder's other files name another tokenizer.</exception>
    public static Gpt2Files Read(string folder, (string Path, byte[] Content) vocabulary, (string Path, byte[] Content) merges)
    {
        bool addPrefixSpace = ReadSettings(folder);
        RequireGpt2(Path.Combine(folder, "config.json"), "model_type", _models);
        string added = Path.Combine(folder, "added_tokens.json");
        if (File.Exists(added))
        {
            throw new InputException(added, "adds tokens, which are read from a tokenizer.json only", "save the tokenizer as a tokenizer.json");
        }

        using JsonDocument document = JsonDocument.Parse(vocabulary.Content);
        JsonSection root = new(vocabulary.Path, document.RootElement);
        Vocabulary tokens = Vocabulary.Read(root);
        AddedToken[] special = tokens.TryGetId(EndOfText, out int id)
            ? [new AddedToken(id, EndOfText, SingleWord: false, StripsLeft: false, StripsRight: false, Normalized: false, Special: true)]
            : [];
        return new Gpt2Files(BytePairModel.OfLines(tokens, ReadLines(merges.Path, merges.Content)), new AddedTokens(special), addPrefixSpace);
    }

    private static IEnumerable<BytePairLine> ReadLines(string path, byte[] content)
    {
        string text;
        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException cause)
        {
            throw new InputException(path, "is not UTF-8", MergesRemedy, cause);
        }

        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd('\r');
            if (line.Length == 0 || (i == 0 && line.StartsWith("#version", StringComparison.Ordinal)))
            {
                continue;
            }

            int number = i + 1;
            InputException Bad(string problem) => new(path, $"line {number} {problem}", MergesRemedy);
            yield return line.Split(' ') is [{ Length: > 0 } left, { Length: > 0 } right] ? new BytePairLine(left, right, Bad) : throw Bad("is not a pair of tokens");
        }
    }

    private static bool ReadSettings(string folder)
    {
        string path = Path.Combine(folder, TokenizerFiles.Settings);
        if (!File.Exists(path))
        {
            return false;
        }

        RequireGpt2(path, "tokenizer_class", _tokenizers);
        using JsonDocument document = Parse(path);
        JsonSection root = new(path, document.RootElement);
        if (root.Flag("add_bos_token", otherwise: false))
        {
            throw root.Unsupported("sets add_bos_token, which is read from a tokenizer.json only");
        }

        return root.Flag("add_prefix_space", otherwise: false);
    }

    private static void RequireGpt2(string path, string field, string[] known)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using JsonDocument document = Parse(path);
        if (new JsonSection(path, document.RootElement).Optional(field) is { } value && !known.Contains(value.Text()))
        {
            throw value.Unsupported($"is \"{value.Text()}\", and without a tokenizer.json only GPT-2's tokenizer is known");
        }
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException cause)
        {
            throw new InputException(path, $"is not valid JSON ({cause.Message})", "copy the file again from where it came", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, $"cannot be read ({cause.Message})", "check the file and its permissions", cause);
        }
    }
}
