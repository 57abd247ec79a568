using System.Text;

namespace CircuitLasso.Models.Tests;

public sealed class WordScannerTests
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The expressions as the published files of GPT-2, Llama-3 and Qwen have them.</summary>
    public static TheoryData<string> Expressions { get; } = new(
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + Rest,
        Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + Rest);

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Words_are_those_of_the_regular_expression(string expression)
    {
        WordScanner scanner = Assert.IsAssignableFrom<WordScanner>(WordScanner.Find(expression));
        RegularExpressionPattern general = new(expression, TinyTokenizer.Section("\"\""));
        Random random = new(7);
        for (int round = 0; round < 4_000; round++)
        {
            string text = RandomText.Next(random, random.Next(1, 25));
            List<Origin> expected = [];
            List<Origin> actual = [];
            general.FindMatches(text, expected);
            scanner.FindMatches(text, actual);
            Assert.Equal(expected, actual);
            Assert.Equal(text.Length, actual[^1].End);
        }
    }

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Every_character_is_in_the_class_that_the_regular_expression_takes_it_for(string expression)
    {
        WordScanner scanner = WordScanner.Find(expression)!;
        RegularExpressionPattern general = new(expression, TinyTokenizer.Section("\"\""));
        StringBuilder text = new();
        for (int value = 0; value <= 0x10FFFF; value += value < 0x3000 ? 1 : 37)
        {
            if (Rune.IsValid(value))
            {
                text.Append(" a").Append(new Rune(value).ToString()).Append("1 ");
            }
        }

        List<Origin> expected = [];
        List<Origin> actual = [];
        general.FindMatches(text.ToString(), expected);
        scanner.FindMatches(text.ToString(), actual);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void An_expression_that_is_not_among_the_known_ones_is_left_to_the_general_path()
    {
        Assert.Null(WordScanner.Find(@"\s+"));
        Assert.Equal("a| |b|c", string.Join('|', TinyTokenizer.Split("""{"type":"Split","pattern":{"Regex":"\\p{L}"},"behavior":"Isolated","invert":false}""", "a bc")));
    }
}
