namespace CircuitLasso.Models.Tests;

public sealed class NormalizerTests
{
    [Theory]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "a b", "▁a b")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "", "")]
    [InlineData("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}""", " a  b", "▁a▁▁b")]
    [InlineData("""{"type":"Replace","pattern":{"String":"aa"},"content":"b"}""", "aaaaa", "bba")]
    [InlineData("""{"type":"Replace","pattern":{"String":""},"content":"b"}""", "aa", "aa")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}""", "a    b c", "a b c")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"(\\p{L})1"},"content":"$1"}""", "𝒳1 b1", "$1 $1")]
    [InlineData("""{"type":"Lowercase"}""", "ΑΣ İ ẞ \U00010400", "ασ i\u0307 ß \U00010428")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", " \t a b\u3000\n", "a b")]
    [InlineData("""{"type":"Strip","strip_left":false,"strip_right":true}""", " a ", " a")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", "  ", "")]
    [InlineData("""{"type":"NFC"}""", "e\u0301 \u1100\u1161\u11A8", "é 각")]
    [InlineData("""{"type":"NFKC"}""", "ﬁ ①", "fi 1")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"Replace","pattern":{"String":"a"},"content":"A"}]}""", "BAR", "bAr")]
    [InlineData("""{"type":"Sequence","normalizers":[]}""", "BAR", "BAR")]
    public void A_normalizer_rewrites_the_text(string normalizer, string text, string expected) =>
        Assert.Equal(expected, TinyTokenizer.Normalize(normalizer, text));

    [Fact]
    public void A_half_of_a_surrogate_pair_becomes_the_replacement_character() =>
        Assert.Equal("a\uFFFDb🙂\uFFFD", TinyTokenizer.Normalize("""{"type":"NFC"}""", "a\uD83Db🙂\uDE42"));

    [Fact]
    public void Every_character_remembers_where_it_came_from()
    {
        // "é" of two characters becomes one, "ﬁ" becomes two, and a prefix comes from nowhere.
        const string normalizer = """{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Prepend","prepend":"▁"}]}""";
        AlignedText text = TokenizerComponents.ReadNormalizer(TinyTokenizer.Section(normalizer)).Normalize(AlignedText.From("xe\u0301ﬁ🙂", "tokenizer.json"));
        Assert.Equal("▁xéfi🙂", text.Characters.ToString());
        Origin[] origins = [.. Enumerable.Range(0, text.Length).Select(index => text.OriginOf(index))];
        Assert.Equal([new(0, 0), new(0, 1), new(1, 3), new(3, 4), new(3, 4), new(4, 6), new(4, 6)], origins);
    }
}
