namespace CircuitLasso.Models.Tests;

public sealed class AddedTokenTests
{
    private const string Words = """{"type":"WordLevel","vocab":{"?":0,"a":1,"b":2,"A":3,"_a":4,"_":5,"_b":6},"unk_token":"?"}""";

    [Theory]
    [InlineData("a <x> b", "a |7:<x>| b")]
    [InlineData("a<x>b", "a|7:<x>|b")]
    [InlineData("<x><x>", "7:<x>|7:<x>")]
    [InlineData("<x", "<x")]
    [InlineData("", "")]
    public void Added_tokens_are_cut_out_first(string text, string expected) =>
        Assert.Equal(expected, Extract("""[{"id":7,"content":"<x>","special":true}]""", text));

    [Fact]
    public void Of_tokens_that_begin_alike_the_longest_counts() =>
        Assert.Equal("8:<xy>|7:<x|y|7:<x", Extract("""[{"id":7,"content":"<x","special":true},{"id":8,"content":"<xy>","special":true}]""", "<xy><xy<x"));

    [Fact]
    public void A_single_word_is_not_found_inside_a_word() =>
        Assert.Equal("7:dog| dogs hotdog édog |7:dog|-|7:dog", Extract("""[{"id":7,"content":"dog","single_word":true,"special":true}]""", "dog dogs hotdog édog dog-dog"));

    [Fact]
    public void Stripping_tokens_swallow_the_space_around_them()
    {
        Assert.Equal("a|7: \t<x>| b", Extract("""[{"id":7,"content":"<x>","lstrip":true,"special":true}]""", "a \t<x> b"));
        Assert.Equal("a |7:<x> \n|b", Extract("""[{"id":7,"content":"<x>","rstrip":true,"special":true}]""", "a <x> \nb"));
        Assert.Equal("7:<x> |7:<x>", Extract("""[{"id":7,"content":"<x>","lstrip":true,"rstrip":true,"special":true}]""", "<x> <x>"));
    }

    [Fact]
    public void Normalized_tokens_are_found_in_the_normalized_text()
    {
        const string lower = """{"type":"Lowercase"}""";
        Assert.Equal("a |7:<x>| b", Extract("""[{"id":7,"content":"<X>","normalized":true,"special":true}]""", "A <x> B", lower));
        Assert.Equal("a |7:<x>| b", Extract("""[{"id":7,"content":"<X>","normalized":true,"special":true}]""", "A <X> B", lower));
        Assert.Equal("a <x> b", Extract("""[{"id":7,"content":"<X>","normalized":false,"special":true}]""", "A <x> B", lower));
        Assert.Equal("a |7:<X>| b", Extract("""[{"id":7,"content":"<X>","normalized":false,"special":true}]""", "A <X> B", lower));
    }

    [Fact]
    public void Every_part_between_tokens_gets_its_own_prefix() =>
        Assert.Equal("_a|7:<x>|_b", Extract("""[{"id":7,"content":"<x>","special":true}]""", "a<x>b", """{"type":"Prepend","prepend":"_"}"""));

    [Fact]
    public void Added_tokens_extend_the_vocabulary_and_keep_their_offsets()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json(
            Words, """{"type":"Prepend","prepend":"_"}""", addedTokens: """[{"id":9,"content":"<x>","special":true},{"id":1,"content":"a","special":false}]"""));
        Assert.Equal(10, tokenizer.VocabularySize);
        Assert.Equal(9, tokenizer.IdOf("<x>"));
        Assert.Equal([new TokenSpan(6, 0, 1), new TokenSpan(9, 1, 3), new TokenSpan(6, 4, 1)], tokenizer.EncodeWithOffsets("b<x>b"));
        Assert.Equal("_b <x> a", tokenizer.Decode([6, 9, 1]));
        Assert.Equal("_b a", tokenizer.Decode([6, 9, 1], skipSpecialTokens: true));
    }

    private static string Extract(string addedTokens, string text, string? normalizer = null)
    {
        INormalizer? component = normalizer is null ? null : TokenizerComponents.ReadNormalizer(TinyTokenizer.Section(normalizer));
        ITokenModel model = TokenizerComponents.ReadModel(TinyTokenizer.Section(Words));
        AddedTokens tokens = new(TinyTokenizer.Section(addedTokens), model.Vocabulary, component);
        PreTokenizedText result = tokens.Extract(AlignedText.From(text, "tokenizer.json"));
        return string.Join('|', result.Pieces.Select(piece =>
            (piece.IsText ? string.Empty : $"{piece.AddedTokenId}:") + result.Text.Characters.Slice(piece.Start, piece.Length).ToString()));
    }
}
