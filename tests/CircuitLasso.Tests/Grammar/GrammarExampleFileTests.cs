using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class GrammarExampleFileTests
{
    private const string Line = """{"prefix":"the boys near the girl","answer_a":"are","answer_b":"is","grammatical":"a","phenomenon":"agreement_pp","cue":1,"attractor":4,"sentence":"the boys near the girl are sad .","twin":"the boys near the girl is sad ."}""";

    [Fact]
    public void Examples_come_back_as_they_were_written()
    {
        IReadOnlyList<GrammarExample> examples = EmbeddedGrammar.Load().GenerateExamples(31, 110);
        using MemoryStream stream = new();
        GrammarExampleFile.Write(stream, examples);
        Assert.Equal(110, Encoding.UTF8.GetString(stream.ToArray()).Count(c => c == '\n'));
        stream.Position = 0;
        Assert.Equal(examples, GrammarExampleFile.Read(stream, "examples.jsonl"));
    }

    [Fact]
    public void A_line_is_written_with_the_documented_fields()
    {
        GrammarExample example = new("the boys near the girl", "are", "is", GrammaticalAnswer.A, "agreement_pp", 1, 4, "the boys near the girl are sad .", "the boys near the girl is sad .");
        using MemoryStream stream = new();
        GrammarExampleFile.Write(stream, [example]);
        Assert.Equal(Line + "\n", Encoding.UTF8.GetString(stream.ToArray()));
        Assert.Equal([example], Read(Line));
    }

    [Theory]
    [InlineData("\"cue\":1", "\"cue\":5", "'cue'")]
    [InlineData("\"cue\":1", "\"cue\":-1", "'cue'")]
    [InlineData("\"cue\":1", "\"cue\":1.5", "'cue'")]
    [InlineData("\"attractor\":4", "\"attractor\":-2", "'attractor'")]
    [InlineData("\"grammatical\":\"a\"", "\"grammatical\":\"b\"", "the two sentences")]
    [InlineData("\"grammatical\":\"a\"", "\"grammatical\":\"c\"", "neither a nor b")]
    [InlineData("is sad .", "is happy .", "the two sentences")]
    [InlineData("\"answer_b\":\"is\"", "\"answer_b\":\"was\"", "the two sentences")]
    [InlineData("\"answer_b\"", "\"answer_c\"", "'answer_b'")]
    [InlineData("\"cue\":1,", "\"cue\":1,\"more\":1,", "'more'")]
    [InlineData("{\"prefix\"", "[\"prefix\"", "not JSON")]
    [InlineData("agreement_pp", "\\ud800", "not valid text")]
    public void A_line_that_does_not_hold_together_is_refused_with_its_number(string part, string replacement, string problem)
    {
        string changed = Line.Replace(part, replacement, StringComparison.Ordinal);
        Assert.NotEqual(Line, changed);
        InputException exception = Assert.Throws<InputException>(() => Read(Line + "\n\n" + changed).ToArray());
        Assert.StartsWith("examples.jsonl, line 3: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused() =>
        Assert.Contains("UTF-8", Assert.Throws<InputException>(() => GrammarExampleFile.Read(new MemoryStream([0xff, 0xfe, 0x0a]), "x").ToArray()).Message, StringComparison.Ordinal);

    [Fact]
    public void Damaged_lines_give_an_example_or_one_clear_error()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Line);
        Random random = new(1);
        int refused = 0;
        for (int round = 0; round < 2_000; round++)
        {
            byte[] damaged = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : [.. bytes];
            for (int flip = random.Next(1, 4); flip > 0 && damaged.Length > 0; flip--)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            try
            {
                Assert.InRange(GrammarExampleFile.Read(new MemoryStream(damaged), "x").Count(), 0, 2);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 2_000);
    }

    private static IEnumerable<GrammarExample> Read(string text) => GrammarExampleFile.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "examples.jsonl");
}
