using System.Security.Cryptography;
using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class TokenizerTests
{
    private const string Template = """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
         "pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}}
        """;

    private static readonly string _words = TinyTokenizer.Json(
        TinyTokenizer.WordLevel, preTokenizer: """{"type":"Whitespace"}""", postProcessor: Template, addedTokens: """[{"id":1,"content":"<s>","special":true}]""");

    [Fact]
    public void Words_become_ids_after_a_beginning_of_sequence()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(_words);
        Assert.Equal([1, 2, 3, 4, 5], tokenizer.Encode("the cat sat."));
        Assert.Equal([2, 0], tokenizer.Encode("the dog", addSpecialTokens: false));
        Assert.Equal([1], tokenizer.Encode(""));
        Assert.Equal([1, 1, 2], tokenizer.Encode("<s> the"));
        Assert.Equal(1, tokenizer.BeginningOfSequenceId);
        Assert.Null(tokenizer.EndOfSequenceId);
        Assert.Equal(6, tokenizer.VocabularySize);
        Assert.Equal(3, tokenizer.IdOf("cat"));
        Assert.Null(tokenizer.IdOf("dog"));
    }

    [Fact]
    public void Offsets_name_the_part_of_the_text_behind_each_token() =>
        Assert.Equal(
            [new TokenSpan(1, 0, 0), new TokenSpan(2, 1, 3), new TokenSpan(0, 5, 2), new TokenSpan(5, 8, 1)],
            TinyTokenizer.Load(_words).EncodeWithOffsets(" the 🙂 ."));

    [Fact]
    public void Ids_that_no_token_has_decode_to_nothing() => Assert.Equal("the cat", TinyTokenizer.Load(_words).Decode([2, 99, -1, 3]));

    [Fact]
    public void A_Sequence_of_post_processors_nests_its_tokens()
    {
        string inner = Template.Replace("\"ids\":[1]", "\"ids\":[2,3]", StringComparison.Ordinal);
        const string around = """
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"x","type_id":0}}],
             "special_tokens":{"x":{"id":"x","ids":[5],"tokens":["."]}}}
            """;
        string sequence = $$"""{"type":"Sequence","processors":[{"type":"ByteLevel"},{{inner}},{{around}}]}""";
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json(TinyTokenizer.WordLevel, postProcessor: sequence));
        Assert.Equal([5, 2, 3, 4, 5], tokenizer.Encode("sat"));
        Assert.Null(tokenizer.BeginningOfSequenceId);
        Assert.Equal(5, tokenizer.EndOfSequenceId);
    }

    [Fact]
    public void Truncation_and_padding_of_the_file_are_not_applied()
    {
        string json = _words.Replace("\"truncation\":null,\"padding\":null", "\"truncation\":{\"max_length\":1},\"padding\":{\"strategy\":{\"Fixed\":9}}", StringComparison.Ordinal);
        Assert.NotEqual(_words, json);
        Assert.Equal([1, 2, 3], TinyTokenizer.Load(json).Encode("the cat"));
    }

    [Fact]
    public void The_digest_is_that_of_the_file() =>
        Assert.Equal(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(_words))).ToLowerInvariant(), TinyTokenizer.Load(_words).Sha256);

    [Fact]
    public void A_file_loads_by_its_own_name_and_by_its_folder()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("tokenizer.json"), _words);
        Assert.Equal(Tokenizer.Load(folder.Root).Sha256, Tokenizer.Load(folder.PathOf("tokenizer.json")).Sha256);
    }

    [Fact]
    public void A_word_that_the_vocabulary_cannot_express_is_named()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"<unk>"}"""));
        Assert.Contains("\"b\"", Assert.Throws<InputException>(() => tokenizer.Encode("b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_threads_get_the_ids_that_one_gets()
    {
        string json = TinyTokenizer.Json(TinyTokenizer.BytePairs, """{"type":"NFC"}""", """{"type":"Split","pattern":{"Regex":"\\s+"},"behavior":"Isolated","invert":false}""");
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        Tokenizer alone = TinyTokenizer.Load(json);
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => string.Concat(Enumerable.Repeat("the cat e\u0301 🙂 ", i % 17)) + i)];
        int[][] expected = [.. texts.Select(text => alone.Encode(text))];
        int[][] actual = new int[texts.Length][];
        Parallel.For(0, texts.Length, i => actual[i] = tokenizer.Encode(texts[i]));
        Assert.Equal(expected, actual);
    }
}
