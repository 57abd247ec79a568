using CircuitLasso.Numerics;

namespace CircuitLasso.Models.Tests;

public sealed class BytePairModelTests
{
    [Fact]
    public void The_merge_of_lowest_rank_goes_first()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json(TinyTokenizer.BytePairs));
        Assert.Equal([8, 6, 5, 9, 6, 7, 4], tokenizer.Encode("the cat hea"));
    }

    [Fact]
    public void Unknown_characters_become_one_unknown_token_or_one_each()
    {
        Tokenizer fused = TinyTokenizer.Load(TinyTokenizer.Json(TinyTokenizer.BytePairs));
        Assert.Equal([1, 0, 9, 0], fused.Encode("tx🙂yatz"));
        Tokenizer apart = TinyTokenizer.Load(TinyTokenizer.Json(TinyTokenizer.BytePairs.Replace("\"fuse_unk\":true", "\"fuse_unk\":false", StringComparison.Ordinal)));
        Assert.Equal([1, 0, 0, 0, 9, 0], apart.Encode("tx🙂yatz"));
    }

    [Fact]
    public void Without_an_unknown_token_unknown_characters_vanish() =>
        Assert.Equal([0, 0], TinyTokenizer.Load(TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0},"merges":[]}""")).Encode("axa"));

    [Fact]
    public void Unknown_characters_become_bytes_only_where_all_their_bytes_are_tokens()
    {
        const string model = """{"type":"BPE","unk_token":"?","fuse_unk":true,"byte_fallback":true,"vocab":{"?":0,"a":1,"<0xC3>":2,"<0xA9>":3,"<0xC3><0xA9>":4},"merges":[]}""";
        Assert.Equal([1, 2, 3, 0, 2, 3, 1], TinyTokenizer.Load(TinyTokenizer.Json(model)).Encode("aéèxéa"));
        Tokenizer merging = TinyTokenizer.Load(TinyTokenizer.Json(model.Replace("\"merges\":[]", "\"merges\":[\"<0xC3> <0xA9>\"]", StringComparison.Ordinal)));
        Assert.Equal([new TokenSpan(1, 0, 1), new TokenSpan(4, 1, 1), new TokenSpan(1, 2, 1)], merging.EncodeWithOffsets("aéa"));
    }

    [Fact]
    public void With_ignore_merges_a_piece_that_is_a_token_is_taken_whole()
    {
        const string model = """{"type":"BPE","ignore_merges":true,"vocab":{"a":0,"b":1,"ab":2,"abab":3},"merges":["a b"]}""";
        const string preTokenizer = """{"type":"WhitespaceSplit"}""";
        Assert.Equal([3, 2, 2, 0], TinyTokenizer.Load(TinyTokenizer.Json(model, preTokenizer: preTokenizer)).Encode("abab ababa"));
        string merging = model.Replace("\"ignore_merges\":true,", string.Empty, StringComparison.Ordinal);
        Assert.Equal([2, 2, 2, 2, 0], TinyTokenizer.Load(TinyTokenizer.Json(merging, preTokenizer: preTokenizer)).Encode("abab ababa"));
    }

    [Fact]
    public void A_model_without_a_type_but_with_merges_is_byte_pair_encoding() =>
        Assert.Equal([2], TinyTokenizer.Load(TinyTokenizer.Json("""{"vocab":{"a":0,"b":1,"ab":2},"merges":["#version: 0.2","a b"]}""")).Encode("ab"));

    [Theory]
    [InlineData("\"dropout\":0.1", "dropout")]
    [InlineData("\"continuing_subword_prefix\":\"##\"", "continuing_subword_prefix")]
    [InlineData("\"end_of_word_suffix\":\"</w>\"", "end_of_word_suffix")]
    public void Settings_that_are_not_reproduced_are_refused(string setting, string named)
    {
        string model = $$"""{"type":"BPE",{{setting}},"vocab":{"a":0},"merges":[]}""";
        Assert.Contains($"model.{named}", Assert.Throws<InputException>(() => TinyTokenizer.Load(TinyTokenizer.Json(model))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merging_agrees_with_merging_pair_by_pair_at_any_length()
    {
        Random random = new(11);
        for (int round = 0; round < 600; round++)
        {
            (Dictionary<(int Left, int Right), BytePairMerge> merges, int letters) = RandomMerges(random);
            int[] symbols = [.. Enumerable.Range(0, random.Next(1, 3 * BytePairMerger.LongestShortPiece)).Select(_ => random.Next(letters))];
            BytePairMerges table = new();
            foreach (((int left, int right), BytePairMerge merge) in merges)
            {
                table.Set(left, right, merge);
            }

            BytePairMerger merger = new(table);
            for (int pass = 0; pass < 2; pass++)
            {
                List<TokenSpan> tokens = [];
                for (int i = 0; i < symbols.Length; i++)
                {
                    merger.Add(symbols[i], i, i + 1);
                }

                merger.Finish(tokens);
                Assert.Equal(MergePairByPair(symbols, merges), tokens);
            }
        }
    }

    [Fact]
    public void A_piece_of_many_characters_merges()
    {
        const int length = 1 << 18;
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json("""{"type":"BPE","vocab":{"a":0,"aa":1,"aaaa":2},"merges":["a a","aa aa"]}"""));
        int[] ids = tokenizer.Encode(new string('a', length));
        Assert.Equal(Enumerable.Repeat(2, length / 4), ids);
    }

    [Fact]
    public void The_table_of_merges_answers_as_a_dictionary_does()
    {
        Random random = new(3);
        BytePairMerges table = new();
        Dictionary<(int, int), BytePairMerge> expected = [];
        for (int i = 0; i < 20_000; i++)
        {
            (int left, int right) = (random.Next(300), random.Next(1 << 24) >> random.Next(24));
            table.Set(left, right, expected[(left, right)] = new BytePairMerge(i, random.Next()));
        }

        Assert.Equal(expected.Count, table.Count);
        Assert.All(expected, pair => Assert.True(table.TryGet(pair.Key.Item1, pair.Key.Item2, out BytePairMerge merge) && merge == pair.Value));
        for (int i = 0; i < 20_000; i++)
        {
            (int left, int right) = (random.Next(400), random.Next(1 << 24) >> random.Next(24));
            Assert.Equal(expected.ContainsKey((left, right)), table.TryGet(left, right, out _));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false}""")]
    public void A_word_of_a_million_characters_is_one_piece_of_work(string preTokenizer)
    {
        const int length = 1_000_000;
        string json = TinyTokenizer.Json(
            """{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"abab":3,"ba":4,"Ġ":5,"ĠĠ":6," ":7},"merges":["b a","a b","ab ab","Ġ Ġ"]}""",
            preTokenizer: preTokenizer.Length == 0 ? "null" : preTokenizer);
        Tokenizer tokenizer = TinyTokenizer.Load(json);

        // Every "ba" merges before any "ab", which leaves the first letter and the last.
        int[] ids = tokenizer.Encode(string.Concat(Enumerable.Repeat("ab", length / 2)));
        Assert.Equal([0, .. Enumerable.Repeat(4, (length / 2) - 1), 1], ids);
        Assert.Equal(length, tokenizer.EncodeWithOffsets(new string(' ', length) + "a").Sum(token => token.Length) - 1);
    }

    // Letters and random pairs of what there is already, each under its own name, so that different pairs make different tokens.
    private static (Dictionary<(int Left, int Right), BytePairMerge> Merges, int Letters) RandomMerges(Random random)
    {
        int letters = random.Next(1, 4);
        Dictionary<(int, int), BytePairMerge> merges = [];
        int next = letters;
        for (int i = 0; i < 20; i++)
        {
            if (merges.TryAdd((random.Next(next), random.Next(next)), new BytePairMerge(0, next)))
            {
                next++;
            }
        }

        int[] ranks = [.. Enumerable.Range(0, merges.Count)];
        random.Shuffle(ranks);
        return (merges.Zip(ranks).ToDictionary(pair => pair.First.Key, pair => pair.First.Value with { Rank = pair.Second }), letters);
    }

    private static List<TokenSpan> MergePairByPair(int[] symbols, Dictionary<(int Left, int Right), BytePairMerge> merges)
    {
        List<TokenSpan> tokens = [.. symbols.Select((id, index) => new TokenSpan(id, index, 1))];
        while (true)
        {
            int best = -1;
            BytePairMerge bestMerge = new(int.MaxValue, 0);
            for (int i = 0; i + 1 < tokens.Count; i++)
            {
                if (merges.TryGetValue((tokens[i].Id, tokens[i + 1].Id), out BytePairMerge merge) && merge.Rank < bestMerge.Rank)
                {
                    (best, bestMerge) = (i, merge);
                }
            }

            if (best < 0)
            {
                return tokens;
            }

            tokens[best] = new TokenSpan(bestMerge.Id, tokens[best].Start, tokens[best].Length + tokens[best + 1].Length);
            tokens.RemoveAt(best + 1);
        }
    }
}
