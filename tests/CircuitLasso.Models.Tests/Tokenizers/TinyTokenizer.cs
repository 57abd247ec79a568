using System.Text;
using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>Small tokenizers of the tests' own, written out as JSON.</summary>
internal static class TinyTokenizer
{
    /// <summary>A word-level model of six words.</summary>
    public const string WordLevel = """{"type":"WordLevel","vocab":{"<unk>":0,"<s>":1,"the":2,"cat":3,"sat":4,".":5},"unk_token":"<unk>"}""";

    /// <summary>Byte-pair encoding of a few letters: the merges give "he", "the", "at".</summary>
    public const string BytePairs = """
        {"type":"BPE","unk_token":"<unk>","fuse_unk":true,
         "vocab":{"<unk>":0,"t":1,"h":2,"e":3,"a":4,"c":5," ":6,"he":7,"the":8,"at":9},
         "merges":["h e",["t","he"],"a t"]}
        """;

    /// <summary>The whole file from the JSON of its components.</summary>
    public static string Json(string model, string normalizer = "null", string preTokenizer = "null", string postProcessor = "null", string decoder = "null", string addedTokens = "[]") =>
        $$"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":{{addedTokens}},"normalizer":{{normalizer}},"pre_tokenizer":{{preTokenizer}},
         "post_processor":{{postProcessor}},"decoder":{{decoder}},"model":{{model}}}
        """;

    /// <summary>Writes a file, loads it and deletes it.</summary>
    public static Tokenizer Load(string json) => Load(Encoding.UTF8.GetBytes(json));

    /// <summary>Writes a file, loads it and deletes it.</summary>
    public static Tokenizer Load(byte[] json)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("tokenizer.json"), json);
        return Tokenizer.Load(folder.Root);
    }

    /// <summary>One component, to be read by <see cref="TokenizerComponents"/>.</summary>
    public static JsonSection Section(string json) => new("tokenizer.json", JsonDocument.Parse(json).RootElement);

    /// <summary>What a normalizer makes of a text.</summary>
    public static string Normalize(string normalizer, string text) =>
        TokenizerComponents.ReadNormalizer(Section(normalizer)).Normalize(AlignedText.From(text, "tokenizer.json")).Characters.ToString();

    /// <summary>The pieces that a pre-tokenizer cuts a text into.</summary>
    public static string[] Split(string preTokenizer, string text)
    {
        PreTokenizedText input = new(AlignedText.From(text, "tokenizer.json"));
        input.Add(0, text.Length);
        PreTokenizedText output = TokenizerComponents.ReadPreTokenizer(Section(preTokenizer)).PreTokenize(input);
        return [.. output.Pieces.Select(piece => output.Text.Characters.Slice(piece.Start, piece.Length).ToString())];
    }

    /// <summary>What a decoder makes of tokens.</summary>
    public static string Decode(string decoder, params string[] tokens) =>
        string.Concat(TokenizerComponents.ReadDecoder(Section(decoder)).Decode(tokens));
}
