using System.Security.Cryptography;
using System.Text;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class TextSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Plain_lines_are_rows_and_blank_lines_are_none()
    {
        TextSource source = Open("a.txt", "one\r\n\n  \ntwo \"quoted\"\tx\nthree");

        Assert.Equal(TextFormat.Lines, source.Format);
        Assert.Equal(3, source.RowCount);
        Assert.Equal([(0, 1, "one"), (1, 4, "two \"quoted\"\tx"), (2, 5, "three")], source.ReadRows().Select(row => (row.Index, row.Line, row.Text)));
        Assert.Empty(source.LabelClasses);
        Assert.All(source.ReadRows(), row => Assert.Null(row.Label));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n\n")]
    public void A_byte_order_mark_is_not_text(string after)
    {
        TextSource source = Open("a.txt", "\uFEFFone\n" + after);

        Assert.Equal("one", Assert.Single(source.ReadRows()).Text);
    }

    [Fact]
    public void The_hash_is_that_of_the_whole_file()
    {
        TextSource source = Open("a.txt", "\uFEFFone\nzwei ü\n");

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(source.Path))), source.Sha256);
    }

    [Fact]
    public void In_tsv_a_quote_character_is_text()
    {
        TextSource source = Open("a.tsv", "s\t1\t*\tHe said \"no\n\ns\t0\t\t\"Yes\" she said\n", new() { TextColumn = "4", LabelColumn = "2", KeptColumns = ["1"] });

        TextRow[] rows = [.. source.ReadRows()];
        Assert.Equal(["He said \"no", "\"Yes\" she said"], rows.Select(row => row.Text));
        Assert.Equal([1, 3], rows.Select(row => row.Line));
        Assert.Equal(["1", "0"], rows.Select(row => row.Label));
        Assert.Equal([1, 0], rows.Select(row => row.LabelClass));
        Assert.Equal(["0", "1"], source.LabelClasses);
        Assert.All(rows, row => Assert.Equal("s", row.KeptColumns["1"]));
    }

    [Fact]
    public void In_csv_quoted_cells_may_hold_commas_quotes_and_line_breaks()
    {
        const string Content = "text,who\r\n\"a, \"\"b\"\"\r\nc\",x\r\n\r\nplain,y\r\n";
        TextSource source = Open("a.csv", Content, new() { TextColumn = "text", LabelColumn = "who" });

        Assert.Equal([(2, "a, \"b\"\r\nc", "x"), (5, "plain", "y")], source.ReadRows().Select(row => (row.Line, row.Text, row.Label!)));
    }

    [Fact]
    public void Columns_given_by_number_mean_no_header_unless_it_is_said()
    {
        const string Content = "text,who\na,b\nc,d\n";

        Assert.Equal(["text", "a", "c"], Texts(Open("a.csv", Content, new() { TextColumn = "1" })));
        Assert.Equal(["a", "c"], Texts(Open("a.csv", Content, new() { TextColumn = "1", HasHeader = true })));
        Assert.Equal(["a", "c"], Texts(Open("a.csv", Content, new() { TextColumn = "1", LabelColumn = "who" })));
        Assert.Equal(["a", "c"], Texts(Open("b.csv", "a\nc\n")));
    }

    [Fact]
    public void Json_lines_give_the_named_fields_and_numbers_as_they_are_written()
    {
        const string Content = "{\"prefix\": \"The \\u00fcber\", \"n\": 1.50, \"b\": true}\n\n{\"b\": false, \"n\": 2, \"prefix\": \"x\"}\n";
        TextSource source = Open("a.json", Content, new() { TextColumn = "prefix", LabelColumn = "n", KeptColumns = ["b"] });

        Assert.Equal(TextFormat.JsonLines, source.Format);
        Assert.Equal([(1, "The über", "1.50", "true"), (3, "x", "2", "false")], source.ReadRows().Select(row => (row.Line, row.Text, row.Label!, row.KeptColumns["b"])));
    }

    [Fact]
    public void A_json_list_may_hold_strings_or_objects()
    {
        TextSource strings = Open("a.json", " [\n \"one\",\n \"two\\nlines\", \"three\"\n]\n");
        TextSource objects = Open("b.json", "[{\"text\": \"one\"},\n{\"text\": \"two\", \"more\": [1, {\"a\": null}]}]");

        Assert.Equal(TextFormat.JsonList, strings.Format);
        Assert.Equal([(2, "one"), (3, "two\nlines"), (3, "three")], strings.ReadRows().Select(row => (row.Line, row.Text)));
        Assert.Equal([(1, "one"), (2, "two")], objects.ReadRows().Select(row => (row.Line, row.Text)));
    }

    [Fact]
    public void The_format_can_be_said_where_the_extension_does_not()
    {
        Assert.Equal(["{\"text\": 1}"], Texts(Open("a.jsonl", "{\"text\": 1}\n", new() { Format = TextFormat.Lines })));
        Assert.Equal(["x"], Texts(Open("a.txt", "{\"text\": \"x\"}\n", new() { Format = TextFormat.JsonLines })));
    }

    [Fact]
    public void Rows_longer_than_any_buffer_are_read_in_every_format()
    {
        string text = string.Concat(Enumerable.Repeat("long row ü ", 40_000)).Trim();
        string json = System.Text.Json.JsonSerializer.Serialize(text);

        Assert.Equal([text, "b"], Texts(Open("a.txt", text + "\nb\n")));
        Assert.Equal([text, "b"], Texts(Open("a.tsv", "1\t" + text + "\n2\tb\n", new() { TextColumn = "2" })));
        Assert.Equal([text, "b"], Texts(Open("a.csv", "1,\"" + text + "\"\n2,b\n", new() { TextColumn = "2" })));
        Assert.Equal([text, "b"], Texts(Open("a.jsonl", json + "\n\"b\"")));
        Assert.Equal([text, "b"], Texts(Open("a.json", "[" + json + ",\"b\"]")));
    }

    [Fact]
    public void The_sentences_of_cola_are_read_whole_and_in_order()
    {
        string path = SharedData.Require("cola", "in_domain_train.tsv");
        TextSource source = TextSource.Open(path, new() { TextColumn = "4", LabelColumn = "2" });

        // A second way to the same rows, in memory.
        string[][] expected = [.. File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
        Assert.Equal(8551, source.RowCount);
        Assert.Equal(expected.Select(cells => (cells[3], cells[1])), source.ReadRows().Select(row => (row.Text, row.Label!)));
        Assert.Equal(["0", "1"], source.LabelClasses);
    }

    [Theory]
    [InlineData("tinystories_1000.json")]
    [InlineData("wikitext_1000.json")]
    public void The_lists_of_stories_and_passages_are_read_as_json_reads_them(string name)
    {
        string path = SharedData.Require("text", name);
        string[] expected = System.Text.Json.JsonSerializer.Deserialize<string[]>(File.ReadAllText(path))!;

        Assert.Equal(expected, Texts(TextSource.Open(path)));
    }

    [Fact]
    public void The_agreement_pairs_keep_their_answers()
    {
        string path = SharedData.Require("agreement", "simple_test.json");
        TextSource source = TextSource.Open(path, new() { TextColumn = "clean_prefix", LabelColumn = "case", KeptColumns = ["clean_answer", "patch_answer"] });

        TextRow first = source.ReadRows().First();
        Assert.Equal(("The uncle", " has", " have"), (first.Text, first.KeptColumns["clean_answer"], first.KeptColumns["patch_answer"]));
        Assert.Equal(["plural", "singular"], source.LabelClasses);
        Assert.Equal(120, source.RowCount);
    }

    private static IEnumerable<string> Texts(TextSource source) => source.ReadRows().Select(row => row.Text);

    private TextSource Open(string name, string content, TextOptions? options = null)
    {
        string path = _folder.PathOf(name);
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(content));
        return TextSource.Open(path, options);
    }
}
