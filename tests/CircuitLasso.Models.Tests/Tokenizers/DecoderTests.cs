namespace CircuitLasso.Models.Tests;

public sealed class DecoderTests
{
    private const string Llama = """
        {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
         {"type":"Strip","content":" ","start":1,"stop":0}]}
        """;

    [Fact]
    public void Byte_tokens_that_spell_a_character_become_it()
    {
        Assert.Equal("Hey 日!", TinyTokenizer.Decode(Llama, "▁Hey", "▁", "<0xE6>", "<0x97>", "<0xA5>", "!"));
        Assert.Equal("日", TinyTokenizer.Decode("""{"type":"ByteFallback"}""", "<0xE6>", "<0x97>", "<0xA5>"));
    }

    [Fact]
    public void Byte_tokens_that_spell_nothing_become_one_replacement_character_each()
    {
        Assert.Equal("\uFFFD\uFFFD!", TinyTokenizer.Decode("""{"type":"ByteFallback"}""", "<0xE6>", "<0x97>", "!"));
        Assert.Equal("\uFFFD\uFFFDa", TinyTokenizer.Decode("""{"type":"ByteFallback"}""", "<0x41>", "<0xE6>", "a"));
        Assert.Equal("<0xZZ><0x1>", TinyTokenizer.Decode("""{"type":"ByteFallback"}""", "<0xZZ>", "<0x1>"));
    }

    [Fact]
    public void Strip_takes_so_many_off_each_end()
    {
        Assert.Equal("ey friend!HH", TinyTokenizer.Decode("""{"type":"Strip","content":"H","start":1,"stop":0}""", "Hey", " friend!", "HHH"));
        Assert.Equal("HH", TinyTokenizer.Decode("""{"type":"Strip","content":"y","start":0,"stop":1}""", "Hy", "Hy"));
        Assert.Equal("", TinyTokenizer.Decode("""{"type":"Strip","content":"y","start":5,"stop":5}""", "yyy", "y", ""));
    }

    [Fact]
    public void ByteLevel_joins_bytes_across_tokens()
    {
        Assert.Equal("a €\n", TinyTokenizer.Decode("""{"type":"ByteLevel"}""", "a", "Ġâ", "Ĥ¬Ċ"));
        Assert.Equal(" \uFFFD日本", TinyTokenizer.Decode("""{"type":"ByteLevel"}""", "Ġâ", "日本"));
    }

    [Fact]
    public void Metaspace_leaves_out_the_first_space_where_one_was_put_in()
    {
        Assert.Equal("Hey my friend", TinyTokenizer.Decode("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", "▁Hey", "▁my", "▁friend"));
        Assert.Equal(" Hey my friend", TinyTokenizer.Decode("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}""", "▁Hey", "▁my", "▁friend"));
    }

    [Fact]
    public void Replace_works_token_by_token() =>
        Assert.Equal("a-b-c", TinyTokenizer.Decode("""{"type":"Replace","pattern":{"Regex":"_+"},"content":"-"}""", "a__b", "_c"));

    [Fact]
    public void Without_a_decoder_tokens_are_joined_by_spaces()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json(TinyTokenizer.WordLevel, preTokenizer: """{"type":"Whitespace"}"""));
        Assert.Equal("the cat sat .", tokenizer.Decode(tokenizer.Encode("the cat sat.")));
    }

    [Fact]
    public void One_token_is_shown_with_its_space_and_its_bytes()
    {
        const string words = """{"type":"BPE","byte_fallback":true,"vocab":{"▁the":0,"<0x0A>":1,"<0xE2>":2,"<s>":3},"merges":[]}""";
        Tokenizer llama = TinyTokenizer.Load(TinyTokenizer.Json(words, decoder: Llama, addedTokens: """[{"id":3,"content":"<s>","special":true}]"""));
        Assert.Equal([" the", "\n", "<0xE2>", "<s>", "[4]", "[-1]"], new[] { 0, 1, 2, 3, 4, -1 }.Select(llama.TokenText));

        const string bytes = """{"type":"BPE","vocab":{"Ġthe":0,"Ċ":1,"Ġâ":2,"âĤ¬":3},"merges":[]}""";
        Tokenizer gpt2 = TinyTokenizer.Load(TinyTokenizer.Json(bytes, decoder: """{"type":"ByteLevel"}"""));
        Assert.Equal([" the", "\n", " <0xE2>", "€"], new[] { 0, 1, 2, 3 }.Select(gpt2.TokenText));

        const string spaces = """{"type":"WordLevel","vocab":{"▁the":0},"unk_token":"?"}""";
        Assert.Equal(" the", TinyTokenizer.Load(TinyTokenizer.Json(spaces, decoder: """{"type":"Metaspace","replacement":"▁"}""")).TokenText(0));
    }
}
