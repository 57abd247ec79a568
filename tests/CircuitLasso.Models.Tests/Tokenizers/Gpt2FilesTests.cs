using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class Gpt2FilesTests
{
    private const string Vocabulary = """{"a":0,"b":1,"ab":2,"Ġ":3,"<|endoftext|>":4}""";

    public static TheoryData<string, string, string, string> BrokenFiles { get; } = new()
    {
        { "vocab.json", "[]", "vocab.json", "is not an object" },
        { "vocab.json", "{", "vocab.json", "is not valid JSON" },
        { "vocab.json", """{"a":-1}""", "vocab.json", "is -1" },
        { "merges.txt", "#version: 0.2\na b c\n", "merges.txt", "line 2 is not a pair" },
        { "merges.txt", "a  b\n", "merges.txt", "line 1 is not a pair" },
        { "merges.txt", "a b\n#version: 0.2\n", "merges.txt", "line 2 merges to or from \"#version:\"" },
        { "merges.txt", "a b\n\na z\n", "merges.txt", "line 3 merges to or from \"z\"" },
        { "merges.txt", "b a\n", "merges.txt", "line 1 merges to or from \"ba\"" },
        { "added_tokens.json", """{"x":5}""", "added_tokens.json", "adds tokens" },
        { "config.json", """{"model_type":"qwen2"}""", "config.json", "model_type is \"qwen2\"" },
        { "config.json", "?", "config.json", "is not valid JSON" },
        { "tokenizer_config.json", """{"tokenizer_class":"CLIPTokenizer"}""", "tokenizer_config.json", "tokenizer_class is \"CLIPTokenizer\"" },
        { "tokenizer_config.json", """{"add_bos_token":true}""", "tokenizer_config.json", "add_bos_token" },
        { "tokenizer_config.json", """{"add_prefix_space":1}""", "tokenizer_config.json", "add_prefix_space is neither true nor false" },
    };

    [Theory]
    [InlineData("gpt2-merges-txt", "vocab.json", "merges.txt")]
    [InlineData("gpt2-vocab-bpe", "encoder.json", "vocab.bpe")]
    public void GPT_2_s_own_files_make_the_tokenizer_that_its_tokenizer_json_makes(string folder, string vocabulary, string merges)
    {
        Tokenizer expected = Tokenizer.Load(PublishedPipelineTests.Fixture("gpt2"));
        Tokenizer actual = Tokenizer.Load(PublishedPipelineTests.Fixture(folder));
        Assert.Equal([vocabulary, merges], actual.Files);
        Assert.Equal([vocabulary, merges], TokenizerFiles.In(PublishedPipelineTests.Fixture(folder)));
        Assert.Equal(expected.VocabularySize, actual.VocabularySize);
        Random random = new(6);
        for (int round = 0; round < 200; round++)
        {
            string text = RandomText.Next(random, random.Next(1, 50));
            TokenSpan[] tokens = expected.EncodeWithOffsets(text);
            Assert.Equal(tokens, actual.EncodeWithOffsets(text));
            int[] ids = [.. tokens.Select(token => token.Id)];
            Assert.Equal(text, actual.Decode(ids));
            Assert.Equal(expected.Decode(ids, skipSpecialTokens: true), actual.Decode(ids, skipSpecialTokens: true));
        }
    }

    [Fact]
    public void GPT_2_s_published_vocabulary_and_merges_make_the_recorded_ids()
    {
        string json = Path.Combine(SharedData.Require("tokenizers", "gpt2"), "tokenizer.json");
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(json));
        System.Text.Json.JsonElement model = document.RootElement.GetProperty("model");
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("encoder.json"), model.GetProperty("vocab").GetRawText());
        File.WriteAllText(folder.PathOf("vocab.bpe"), "#version: 0.2\n" + string.Concat(model.GetProperty("merges").EnumerateArray().Select(merge => merge.GetString() + "\n")));
        Tokenizer tokenizer = Tokenizer.Load(folder.Root);
        Tokenizer expected = Tokenizer.Load(json);
        using System.Text.Json.JsonDocument recorded = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("tokenizers", "ids-gpt2.json")));
        foreach (System.Text.Json.JsonElement row in recorded.RootElement.EnumerateArray())
        {
            string text = row.GetProperty("text").GetString()!;
            Assert.Equal(row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), tokenizer.Encode(text));
            Assert.Equal(expected.EncodeWithOffsets(text), tokenizer.EncodeWithOffsets(text));
        }
    }

    [Fact]
    public void The_space_before_a_text_and_line_ends_of_Windows_are_read()
    {
        using TemporaryFolder folder = Folder();
        Assert.Equal([2, 3, 2, 4], Tokenizer.Load(folder.Root).Encode("ab ab<|endoftext|>"));
        File.WriteAllText(folder.PathOf("tokenizer_config.json"), """{"add_prefix_space":true,"tokenizer_class":"GPT2TokenizerFast"}""");
        File.WriteAllText(folder.PathOf("merges.txt"), "#version: 0.2\r\na b\r\n");
        Assert.Equal([3, 2], Tokenizer.Load(folder.Root).Encode("ab"));
        Assert.Equal(["vocab.json", "merges.txt", "tokenizer_config.json"], TokenizerFiles.In(folder.Root));
    }

    [Fact]
    public void A_tokenizer_json_comes_before_the_two_files()
    {
        using TemporaryFolder folder = Folder();
        File.WriteAllText(folder.PathOf("tokenizer.json"), TinyTokenizer.Json(TinyTokenizer.WordLevel));
        Assert.Equal(["tokenizer.json"], Tokenizer.Load(folder.Root).Files);
        Assert.Equal([3], Tokenizer.Load(folder.Root).Encode("cat"));
    }

    [Theory]
    [MemberData(nameof(BrokenFiles))]
    public void A_broken_file_is_refused_with_its_name_and_the_place(string name, string content, string subject, string problem)
    {
        using TemporaryFolder folder = Folder();
        File.WriteAllText(folder.PathOf(name), content);
        InputException refusal = Assert.Throws<InputException>(() => Tokenizer.Load(folder.Root));
        Assert.Equal(folder.PathOf(subject), refusal.Subject);
        Assert.Contains(problem, refusal.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vocab.json")]
    [InlineData("merges.txt")]
    [InlineData("tokenizer_config.json")]
    public void Damaged_files_are_refused_or_work_but_never_fail_otherwise(string name)
    {
        using TemporaryFolder folder = Folder();
        File.WriteAllText(folder.PathOf("tokenizer_config.json"), """{"add_prefix_space":true,"add_bos_token":false,"tokenizer_class":"GPT2Tokenizer"}""");
        byte[] valid = File.ReadAllBytes(folder.PathOf(name));
        int refused = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            Mutation.Overwrite(folder.PathOf(name), Mutation.Apply(valid, new Random(seed)));
            try
            {
                Tokenizer tokenizer = Tokenizer.Load(folder.Root);
                int[] ids = tokenizer.Encode("abba ab<|endoftext|>é");
                Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
                _ = tokenizer.Decode(ids);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 499);
    }

    private static TemporaryFolder Folder()
    {
        TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("vocab.json"), Vocabulary, new UTF8Encoding(false));
        File.WriteAllText(folder.PathOf("merges.txt"), "#version: 0.2\na b\n", new UTF8Encoding(false));
        return folder;
    }
}
