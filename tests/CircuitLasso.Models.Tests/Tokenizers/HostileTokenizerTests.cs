using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class HostileTokenizerTests
{
    private const string Letters = """{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}""";

    private const string Syntax = "0123456789{}[]\",:-\\ abc+*?|()";

    public static TheoryData<string, string> BrokenFiles { get; } = new()
    {
        { "", "is not valid JSON" },
        { "{", "is not valid JSON" },
        { "[]", "is not an object" },
        { "{}", "has no \"model\"" },
        { TinyTokenizer.Json("null"), "has no \"model\"" },
        { TinyTokenizer.Json("3"), "model is not an object" },
        { TinyTokenizer.Json("{}"), "model has no \"type\"" },
        { TinyTokenizer.Json("""{"type":"Unigram"}"""), "model has the type \"Unigram\"" },
        { TinyTokenizer.Json("""{"type":"WordLevel","unk_token":"a"}"""), "model has no \"vocab\"" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0}}"""), "model has no \"merges\"" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":["a"],"merges":[]}"""), "model.vocab is not an object" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":-1},"merges":[]}"""), "model.vocab.a is -1, below zero" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":16777216},"merges":[]}"""), "model.vocab.a is 16777216, above 16777215" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":1e30},"merges":[]}"""), "model.vocab.a is not an integer" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":"0"},"merges":[]}"""), "model.vocab.a is not an integer" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}"""), "gives the id 0 to two tokens" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}"""), "names the token \"a\" twice" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"\ud800":0},"merges":[]}"""), "not valid Unicode" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":["a b"]}"""), "model.merges[0] merges to or from \"b\"" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":["a a"]}"""), "model.merges[0] merges to or from \"aa\"" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":["a a a"]}"""), "model.merges[0] is not a pair" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}"""), "model.merges[0] is not a pair" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":[1]}"""), "model.merges[0] is not a list" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"b"}"""), "model.unk_token \"b\" is not in the vocabulary" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"\udc00"}"""), "model.unk_token is not valid Unicode" },
        { TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":[],"byte_fallback":1}"""), "model.byte_fallback is neither true nor false" },
        { TinyTokenizer.Json(Letters, """{"type":"BertNormalizer"}"""), "normalizer has the type \"BertNormalizer\"" },
        { TinyTokenizer.Json(Letters, """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Nmt"}]}"""), "normalizer.normalizers[1] has the type \"Nmt\"" },
        { TinyTokenizer.Json(Letters, """{"type":"Replace","pattern":{"Regex":"("},"content":""}"""), "normalizer.pattern.Regex has a pattern that cannot be read" },
        { TinyTokenizer.Json(Letters, """{"type":"Replace","pattern":{},"content":""}"""), "normalizer.pattern is neither" },
        { TinyTokenizer.Json(Letters, preTokenizer: """{"type":"BertPreTokenizer"}"""), "pre_tokenizer has the type \"BertPreTokenizer\"" },
        { TinyTokenizer.Json(Letters, preTokenizer: """{"type":"Split","pattern":{"String":"a"},"behavior":"Both","invert":false}"""), "pre_tokenizer.behavior is \"Both\"" },
        { TinyTokenizer.Json(Letters, preTokenizer: """{"type":"Metaspace","replacement":"ab"}"""), "pre_tokenizer.replacement is not one character" },
        { TinyTokenizer.Json(Letters, preTokenizer: """{"type":"Metaspace","replacement":"a","prepend_scheme":"x"}"""), "pre_tokenizer.prepend_scheme is \"x\"" },
        { TinyTokenizer.Json(Letters, preTokenizer: """{"type":"Metaspace","replacement":"a","prepend_scheme":"always","add_prefix_space":false}"""), "contradicts" },
        { TinyTokenizer.Json(Letters, postProcessor: """{"type":"BertProcessing"}"""), "post_processor has the type \"BertProcessing\"" },
        { TinyTokenizer.Json(Letters, postProcessor: """{"type":"TemplateProcessing","single":[],"special_tokens":{}}"""), "post_processor.single has no place for the text" },
        { TinyTokenizer.Json(Letters, postProcessor: """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"special_tokens":{}}"""), "names \"x\"" },
        { TinyTokenizer.Json(Letters, postProcessor: """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}],"special_tokens":{}}"""), "has to be \"A\"" },
        { TinyTokenizer.Json(Letters, postProcessor: """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}],"special_tokens":{"x":{"ids":[7]}}}"""), "adds the id 7" },
        { TinyTokenizer.Json(Letters, decoder: """{"type":"WordPiece"}"""), "decoder has the type \"WordPiece\"" },
        { TinyTokenizer.Json(Letters, decoder: """{"type":"Strip","content":"","start":1,"stop":0}"""), "decoder.content is not one character" },
        { TinyTokenizer.Json(Letters, decoder: """{"type":"Strip","content":"a","start":-1,"stop":0}"""), "decoder.start is -1" },
        { TinyTokenizer.Json(Letters, addedTokens: """[{"id":1,"content":"x"}]"""), "added_tokens[0] gives \"x\" the id 1" },
        { TinyTokenizer.Json(Letters, addedTokens: """[{"id":2,"content":"a"}]"""), "added_tokens[0] gives \"a\" the id 2" },
        { TinyTokenizer.Json(Letters, addedTokens: """[{"id":2,"content":"x"},{"id":2,"content":"y"}]"""), "added_tokens[1] repeats" },
        { TinyTokenizer.Json(Letters, addedTokens: """[{"id":2,"content":"x"},{"id":3,"content":"x"}]"""), "added_tokens[1] repeats" },
        { TinyTokenizer.Json(Letters, addedTokens: """[{"id":2,"content":""}]"""), "added_tokens[0].content has 0 characters" },
        { TinyTokenizer.Json(Letters, addedTokens: """[{"id":99999999999,"content":"x"}]"""), "added_tokens[0].id is 99999999999, above" },
    };

    [Theory]
    [MemberData(nameof(BrokenFiles))]
    public void A_broken_file_is_refused_with_its_name_and_the_place(string json, string problem)
    {
        using TemporaryFolder folder = new();
        string file = folder.PathOf("tokenizer.json");
        File.WriteAllText(file, json);
        InputException refusal = Assert.Throws<InputException>(() => Tokenizer.Load(folder.Root));
        Assert.Equal(file, refusal.Subject);
        Assert.Contains(problem, refusal.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused_with_its_name()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(folder.PathOf("tokenizer.json"), Assert.Throws<InputException>(() => Tokenizer.Load(folder.Root)).Subject);
        Assert.Equal(folder.PathOf("other"), Assert.Throws<InputException>(() => Tokenizer.Load(folder.PathOf("other"))).Subject);
    }

    [Fact]
    public void Sequences_nested_too_deep_are_refused()
    {
        const int depth = 5_000;
        string normalizer = string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", depth)) + string.Concat(Enumerable.Repeat("]}", depth));
        Assert.Throws<InputException>(() => TinyTokenizer.Load(TinyTokenizer.Json(Letters, normalizer)));
    }

    [Fact]
    public void Normalizers_that_double_a_text_again_and_again_are_stopped()
    {
        string steps = string.Join(',', Enumerable.Repeat("""{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""", 60));
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json(Letters, $$"""{"type":"Sequence","normalizers":[{{steps}}]}"""));
        Assert.Contains("64 times longer", Assert.Throws<InputException>(() => tokenizer.Encode("aaa")).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Decoders_that_double_a_text_again_and_again_are_stopped()
    {
        string steps = string.Join(',', Enumerable.Repeat("""{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaaaaaaaa"}""", 60));
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json(Letters, decoder: $$"""{"type":"Sequence","decoders":[{{steps}}]}"""));
        Assert.Throws<InputException>(() => tokenizer.Decode([0, 1]));
        Assert.Throws<InputException>(() => tokenizer.TokenText(0));
    }

    [Fact]
    public void A_pattern_that_backtracks_without_end_is_stopped()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json(
            Letters, preTokenizer: """{"type":"Split","pattern":{"Regex":"(?:(?:a|b|ab)*)*c"},"behavior":"Isolated","invert":false}"""));
        Assert.Contains("takes too long", Assert.Throws<InputException>(() => tokenizer.Encode(string.Concat(Enumerable.Repeat("ab", 200)))).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", "a", ")", 4_000)]
    [InlineData("(?:", "a", "){1,9}", 1_000)]
    [InlineData("(?=", "a", ")", 2_000)]
    public void A_deeply_nested_pattern_is_run_or_refused(string open, string middle, string close, int depth)
    {
        string pattern = string.Concat(Enumerable.Repeat(open, depth)) + middle + string.Concat(Enumerable.Repeat(close, depth));
        string split = $$"""{"type":"Split","pattern":{"Regex":"{{pattern}}"},"behavior":"Isolated","invert":false}""";
        Exception? failure = Record.Exception(() => Assert.Equal([0, 0, 1], TinyTokenizer.Load(TinyTokenizer.Json(Letters, preTokenizer: split)).Encode("aab")));
        Assert.True(failure is null or InputException, failure?.ToString());
    }

    [Fact]
    public void Damaged_files_are_refused_or_work_but_never_fail_otherwise()
    {
        byte[][] files = [.. Seeds().Select(Encoding.UTF8.GetBytes)];
        Assert.All(files, file => Assert.NotEmpty(TinyTokenizer.Load(file).Encode("the cat")));
        int refused = 0;
        for (int seed = 0; seed < 2_000; seed++)
        {
            Random random = new(seed);
            byte[] damaged = Damage(files[random.Next(files.Length)], random);
            try
            {
                Tokenizer tokenizer = TinyTokenizer.Load(damaged);
                int[] ids = tokenizer.Encode("the cat  <s> e\u0301🙂 (a)\nhe's 12");
                Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
                _ = tokenizer.Decode(ids);
                _ = ids.Select(tokenizer.TokenText).ToArray();
            }
            catch (InputException)
            {
                refused++;
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }
        }

        Assert.InRange(refused, 200, 1_950);
    }

    private static IEnumerable<string> Seeds()
    {
        const string template = """
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
             {"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[10],"tokens":["<s>"]}}}]}
            """;
        const string added = """[{"id":10,"content":"<s>","single_word":false,"lstrip":true,"rstrip":true,"normalized":false,"special":true},{"id":11,"content":"  ","normalized":true}]""";
        yield return TinyTokenizer.Json(
            TinyTokenizer.BytePairs,
            """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Lowercase"},{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""",
            "null",
            template,
            """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""",
            added);
        yield return TinyTokenizer.Json(
            TinyTokenizer.BytePairs,
            """{"type":"Strip","strip_left":true,"strip_right":false}""",
            """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"'s|[^\\r\\n\\p{L}]?\\p{L}+|\\s+(?!\\S)|\\s+"},"behavior":"MergedWithNext","invert":false},{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}]}""",
            template,
            """{"type":"ByteLevel"}""",
            added);
        yield return TinyTokenizer.Json(
            TinyTokenizer.WordLevel.Replace(".", "▁he", StringComparison.Ordinal),
            """{"type":"NFKD"}""",
            """{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}]}""",
            "null",
            """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}""",
            added.Replace("\"id\":10", "\"id\":1", StringComparison.Ordinal));
    }

    private static byte[] Damage(byte[] file, Random random)
    {
        List<byte> bytes = [.. file];
        int changes = random.Next(1, 3);
        for (int i = 0; i < changes && bytes.Count > 0; i++)
        {
            int place = random.Next(bytes.Count);
            int length = Math.Min(random.Next(1, 12), bytes.Count - place);
            switch (random.Next(7))
            {
                case 0:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[place] = (byte)Syntax[random.Next(Syntax.Length)];
                    break;
                case 2:
                    bytes.RemoveRange(place, length);
                    break;
                case 3:
                    bytes.InsertRange(place, bytes.GetRange(random.Next(bytes.Count - length + 1), length));
                    break;
                case 4:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 5 when random.Next(4) == 0:
                    bytes.RemoveRange(place, bytes.Count - place);
                    break;
                default:
                    // A digit becomes another number, which JSON still accepts.
                    int digit = bytes.FindIndex(place, value => value is >= (byte)'0' and <= (byte)'9');
                    if (digit >= 0)
                    {
                        bytes[digit] = (byte)('0' + random.Next(10));
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
