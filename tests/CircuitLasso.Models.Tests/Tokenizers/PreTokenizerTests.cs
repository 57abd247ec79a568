using System.Globalization;
using System.Text;

namespace CircuitLasso.Models.Tests;

public sealed class PreTokenizerTests
{
    // The example of Hugging Face's documentation of SplitDelimiterBehavior.
    [Theory]
    [InlineData("Removed", "the|final|countdown")]
    [InlineData("Isolated", "the|-|final|-|-|countdown")]
    [InlineData("MergedWithPrevious", "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", "the|-final|-|-countdown")]
    [InlineData("Contiguous", "the|-|final|--|countdown")]
    public void Split_treats_its_matches_as_documented(string behavior, string expected)
    {
        Assert.Equal(expected, Joined($$"""{"type":"Split","pattern":{"String":"-"},"behavior":"{{behavior}}","invert":false}""", "the-final--countdown"));
        Assert.Equal(expected, Joined($$"""{"type":"Split","pattern":{"Regex":"-"},"behavior":"{{behavior}}","invert":false}""", "the-final--countdown"));
    }

    [Fact]
    public void Inverted_Split_removes_what_lies_between_the_matches() =>
        Assert.Equal("a1|b22", Joined("""{"type":"Split","pattern":{"Regex":"[a-z]\\d+"},"behavior":"Removed","invert":true}""", "--a1, b22!"));

    // The pattern of Llama 3; the pieces were found by hand.
    [Fact]
    public void Split_runs_the_pattern_of_Llama_3()
    {
        const string pattern = """{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false}""";
        Assert.Equal("I|'M| \U00010400\U00010401x|  | |𝟙𝟚𝟛|4| !!\n\n| end| ", Joined(pattern, "I'M \U00010400\U00010401x   𝟙𝟚𝟛4 !!\n\n end "));
    }

    [Fact]
    public void Whitespace_keeps_runs_of_word_characters_and_runs_of_others() =>
        Assert.Equal("don|'|t|stop|!?|日本|\U00010400x|🙂🙂|a_1", Joined("""{"type":"Whitespace"}""", "don't  stop!? 日本\u3000\U00010400x🙂🙂 a_1 "));

    [Fact]
    public void WhitespaceSplit_cuts_at_white_space_alone() =>
        Assert.Equal("don't|stop!?|日本|🙂", Joined("""{"type":"WhitespaceSplit"}""", " don't\tstop!?\u00A0日本\u3000🙂\n"));

    [Theory]
    [InlineData("always", "▁Hey|▁friend!|▁|▁How")]
    [InlineData("first", "▁Hey|▁friend!|▁|▁How")]
    [InlineData("never", "Hey|▁friend!|▁|▁How")]
    public void Metaspace_marks_spaces_and_splits_before_them(string scheme, string expected) =>
        Assert.Equal(expected, Joined($$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":true}""", "Hey friend!  How"));

    [Fact]
    public void Metaspace_of_older_files_reads_add_prefix_space()
    {
        Assert.Equal("▁a|▁b", Joined("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""", "a b"));
        Assert.Equal("a|▁b", Joined("""{"type":"Metaspace","replacement":"▁","add_prefix_space":false}""", "a b"));
        Assert.Equal("▁a▁b", Joined("""{"type":"Metaspace","replacement":"▁","split":false}""", "a b"));
        Assert.Equal("▁a|▁b", Joined("""{"type":"Metaspace","replacement":"▁"}""", " a b"));
    }

    [Fact]
    public void ByteLevel_writes_bytes_as_letters()
    {
        Assert.Equal("Hello|Ġmy|Ġfriend|,|Ġhow", Joined("""{"type":"ByteLevel","add_prefix_space":false}""", "Hello my friend, how"));
        Assert.Equal("ĠHello", Joined("""{"type":"ByteLevel","add_prefix_space":true}""", "Hello"));
        Assert.Equal("ĠHello", Joined("""{"type":"ByteLevel","add_prefix_space":true}""", " Hello"));
        Assert.Equal("aĠbĊ", Joined("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""", "a b\n"));
        Assert.Equal("ĠâĤ¬", Joined("""{"type":"ByteLevel","add_prefix_space":false}""", " €"));
    }

    [Fact]
    public void Pre_tokenizers_of_a_Sequence_work_one_after_the_other() =>
        Assert.Equal("Ġa|Ġ-|Ġb", Joined("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Split","pattern":{"String":"-"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}]}""", "a- b"));

    [Fact]
    public void Stand_ins_for_characters_beyond_the_basic_plane_have_their_category()
    {
        for (int value = 0x10000; value <= 0x10FFFF; value++)
        {
            Rune rune = new(value);
            Assert.Equal(Rune.GetUnicodeCategory(rune), CharUnicodeInfo.GetUnicodeCategory(SupplementaryStandIns.Of(rune)));
        }
    }

    [Theory]
    [InlineData(@"\w+", "a\u0301Ⅷ²", "0-3")]
    [InlineData(@"[\w-]+", "+a-b+", "1-4")]
    [InlineData(@"\W+", "ab Ⅷ", "2-3")]
    [InlineData(@"\bx", "x ax", "0-1")]
    [InlineData(@"\Bx", "x ax", "3-4")]
    [InlineData(@"^a", "a\na", "0-1 2-3")]
    [InlineData(@"[]a]+", "]a[", "0-2")]
    [InlineData(@"[^]a]+", "]a[b", "2-4")]
    [InlineData(@"\[[\]x]", "[x[]", "0-2 2-4")]
    [InlineData(@"(?i)AB", "ab", "0-2")]
    [InlineData(@"(?i:'s)S", "'SS'\u017FS'sS's\u017F", "0-3 3-6 6-9")]
    [InlineData(@"(?i)(a)s", "A\u017F", "0-2")]
    [InlineData(@"(?i:(?-i:s)s)s", "sSs SSs", "0-3")]
    [InlineData(@".", "🙂a", "0-2 2-3")]
    public void Patterns_mean_what_they_mean_in_Oniguruma(string pattern, string text, string expected)
    {
        List<Origin> matches = [];
        new RegularExpressionPattern(pattern, TinyTokenizer.Section("\"\"")).FindMatches(text, matches);
        Assert.Equal(expected, string.Join(' ', matches.Select(match => $"{match.Start}-{match.End}")));
    }

    [Theory]
    [InlineData("[[:alpha:]]")]
    [InlineData("[a&&b]")]
    [InlineData("[a-z-[b]]")]
    [InlineData("a(?i)b|c")]
    [InlineData("(?m).")]
    [InlineData("(?s:.)")]
    [InlineData("a{,3}")]
    [InlineData(@"[\W]")]
    [InlineData("(?i:[a-z])")]
    [InlineData("(?i:st)")]
    [InlineData("(?i)a(SS)")]
    [InlineData("[😀]")]
    [InlineData("a++")]
    [InlineData(@"\p{Han}")]
    [InlineData("(a")]
    [InlineData("a\\")]
    public void Patterns_that_NET_reads_otherwise_are_refused(string pattern) =>
        Assert.Throws<Numerics.InputException>(() => new RegularExpressionPattern(pattern, TinyTokenizer.Section("\"\"")));

    private static string Joined(string preTokenizer, string text) => string.Join('|', TinyTokenizer.Split(preTokenizer, text));
}
