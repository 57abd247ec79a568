using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>
/// Small tokenizers with exactly the pipelines of GPT-2, Llama-3, Qwen, Gemma and Llama-2, against what Hugging Face's own library recorded
/// (<c>fixtures/make_tokenizers.py</c> and <c>record_ids.mjs</c>), and against a slow twin.
/// </summary>
public sealed class PublishedPipelineTests
{
    public static TheoryData<string> Folders { get; } = new("gpt2", "llama3", "qwen", "gemma", "llama2", "llama2-metaspace");

    [Theory]
    [MemberData(nameof(Folders))]
    public void Ids_and_decoded_text_are_those_of_Hugging_Face(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture(folder));
        List<Row> rows = Read(folder);
        Assert.Equal(120, rows.Count);
        foreach (Row row in rows)
        {
            Assert.Equal(row.Ids, tokenizer.Encode(row.Text));
            Assert.Equal(row.Decoded, tokenizer.Decode(row.Ids, skipSpecialTokens: true));
            Assert.Equal(row.DecodedAll, tokenizer.Decode(row.Ids));
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Offsets_are_those_of_Hugging_Face(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture(folder));
        int compared = 0;
        foreach (Row row in Read(folder).Where(row => folder != "qwen" || IsComposed(row.Text)))
        {
            TokenSpan[] spans = tokenizer.EncodeWithOffsets(row.Text);
            Assert.Equal(row.Ids, spans.Select(span => span.Id));
            for (int i = 0; i < spans.Length; i++)
            {
                // Recorded in code points. A token that is nothing but a space put in has no part of the text here, and the first character there.
                int start = row.Text.EnumerateRunes().Take(row.Offsets[2 * i]).Sum(rune => rune.Utf16SequenceLength);
                int end = row.Text.EnumerateRunes().Take(row.Offsets[(2 * i) + 1]).Sum(rune => rune.Utf16SequenceLength);
                bool putIn = spans[i].Length == 0 && tokenizer.TokenText(spans[i].Id) == " ";
                bool after = spans[i].Id == tokenizer.BeginningOfSequenceId && spans[i].Length == 0;
                Assert.True(putIn ? spans[i].Start == start : after || (spans[i].Start, spans[i].Start + spans[i].Length) == (start, end), $"token {i} of '{row.Text}': {spans[i]} and not {start}-{end}");
                compared++;
            }
        }

        Assert.True(compared > 1_000);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Tokens_of_random_texts_are_those_of_the_slow_twin(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture(folder));
        PlainTokenizer plain = new(Path.Combine(Fixture(folder), "tokenizer.json"));
        Random random = new(4);
        for (int round = 0; round < 500; round++)
        {
            string text = RandomText.Next(random, random.Next(1, 60));
            if (folder == "qwen" && !IsComposed(text))
            {
                continue;
            }

            List<TokenSpan> expected = plain.Encode(text);

            // Twice, because the second time the words are remembered.
            Assert.Equal(expected.Select(token => token.Id), tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(expected, tokenizer.EncodeWithOffsets(text, addSpecialTokens: false));
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama3")]
    [InlineData("gemma")]
    public void Decoding_gives_back_every_text_where_nothing_is_normalized_away(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture(folder));
        Random random = new(9);
        for (int round = 0; round < 300; round++)
        {
            // Gemma writes spaces as this character and cannot tell them apart; a text that begins with its own name is the token.
            string text = RandomText.Next(random, random.Next(1, 40)).Replace('\u2581', '_');
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, addSpecialTokens: false)));
        }
    }

    [Fact]
    public void Words_are_cut_at_spaces_only_where_no_merge_reaches_over_them()
    {
        Random random = new(12);
        int reaching = 0;
        for (int round = 0; round < 200; round++)
        {
            (string json, bool reaches) = RandomSpacedModel(random);
            reaching += reaches ? 1 : 0;
            using TemporaryFolder folder = new();
            File.WriteAllText(folder.PathOf("tokenizer.json"), json);
            Tokenizer tokenizer = Tokenizer.Load(folder.Root);
            PlainTokenizer plain = new(folder.PathOf("tokenizer.json"));
            for (int i = 0; i < 10; i++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(1, 80)).Select(_ => "ab  xé"[random.Next(6)]));
                Assert.Equal(plain.Encode(text), tokenizer.EncodeWithOffsets(text));
            }
        }

        Assert.InRange(reaching, 20, 180);
    }

    [Fact]
    public void More_words_than_are_remembered_get_the_same_tokens()
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture("gemma"));
        string[] words = [.. Enumerable.Range(0, 60_000).Select(i => $" w{i}")];
        int[][] apart = [.. words.Select(word => tokenizer.Encode(word, addSpecialTokens: false))];
        Assert.Equal(apart.SelectMany(ids => ids), tokenizer.Encode(string.Concat(words), addSpecialTokens: false));
        Assert.Equal(apart[123], Tokenizer.Load(Fixture("gemma")).Encode(words[123], addSpecialTokens: false));
    }

    [Fact]
    public void Threads_that_share_the_remembered_words_get_the_ids_that_one_gets()
    {
        Random random = new(2);
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => RandomText.Next(random, 120))];
        foreach (string folder in (string[])["llama3", "gemma", "llama2-metaspace"])
        {
            Tokenizer alone = Tokenizer.Load(Fixture(folder));
            Tokenizer shared = Tokenizer.Load(Fixture(folder));
            int[][] expected = [.. texts.Select(text => alone.Encode(text))];
            int[][] actual = new int[texts.Length][];
            Parallel.For(0, texts.Length, i => actual[i] = shared.Encode(texts[i]));
            Assert.Equal(expected, actual);
        }
    }

    internal static string Fixture(string name) => Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "Tokenizers", "fixtures", name);

    private static bool IsComposed(string text) => TinyTokenizer.Normalize("""{"type":"NFC"}""", text) == text;

    private static (string Json, bool Reaches) RandomSpacedModel(Random random)
    {
        List<string> tokens = ["<0xC3>", "<0xA9>", "a", "b", "\u2581", "x"];
        List<string> merges = [];
        for (int i = 0; i < 12; i++)
        {
            string left = tokens[random.Next(tokens.Count)];
            string right = tokens[random.Next(tokens.Count)];

            // Some vocabularies have words that begin with a space only, others have spaces anywhere.
            if ((left + right).Length < 20 && !tokens.Contains(left + right))
            {
                tokens.Add(left + right);
                merges.Add($"\"{left} {right}\"");
            }
        }

        if (random.Next(3) == 0)
        {
            tokens.Remove("x");
            merges.RemoveAll(merge => merge.Contains('x', StringComparison.Ordinal) && !merge.Contains("<0x", StringComparison.Ordinal));
            tokens.Add("<0x78>");
        }

        HashSet<string> vocabulary = [.. tokens, .. merges.Select(merge => merge.Trim('"').Replace(" ", string.Empty, StringComparison.Ordinal)), .. merges.SelectMany(merge => merge.Trim('"').Split(' '))];
        string vocab = string.Join(',', vocabulary.Select((token, id) => $"\"{token}\":{id + 1}"));
        string model = $$"""{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":{"<unk>":0,{{vocab}}},"merges":[{{string.Join(',', merges)}}]}""";
        string json = TinyTokenizer.Json(model, """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""");
        return (json, vocabulary.Any(token => token.LastIndexOf('\u2581') > 0 && token[token.LastIndexOf('\u2581') - 1] != '\u2581'));
    }

    private static List<Row> Read(string folder)
    {
        string[] texts = JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(Fixture("texts.json")))!;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Fixture(folder), "recorded.json")));
        return
        [
            .. document.RootElement.EnumerateArray().Select((row, index) => new Row(
                texts[index],
                [.. row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())],
                [.. row.GetProperty("offsets").EnumerateArray().Select(offset => offset.GetInt32())],
                row.GetProperty("decoded").GetString()!,
                row.GetProperty("decoded_all").GetString()!)),
        ];
    }

    private sealed record Row(string Text, int[] Ids, int[] Offsets, string Decoded, string DecodedAll);
}
