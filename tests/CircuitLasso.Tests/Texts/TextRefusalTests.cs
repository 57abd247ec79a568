using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class TextRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_file_is_refused_by_name()
    {
        InputException exception = Assert.Throws<InputException>(() => TextSource.Open(_folder.PathOf("none.txt")));

        Assert.Equal(_folder.PathOf("none.txt"), exception.Subject);
        Assert.Contains("no such text file", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_refused() => Assert.Throws<InputException>(() => TextSource.Open(_folder.Root));

    [Theory]
    [InlineData("a.txt", "")]
    [InlineData("a.txt", "\uFEFF\n \n")]
    [InlineData("a.tsv", "")]
    [InlineData("a.csv", "\n\n")]
    [InlineData("a.jsonl", "\n")]
    [InlineData("a.json", "")]
    [InlineData("a.json", "[ ]")]
    public void A_file_without_rows_is_refused(string name, string content) => Refused(name, content, new(), "holds no text");

    [Fact]
    public void A_header_alone_is_no_row() => Refused("a.csv", "text,label\n", new() { TextColumn = "text" }, "holds no text");

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.tsv")]
    [InlineData("a.csv")]
    public void Bytes_that_are_not_utf8_are_refused_with_their_line(string name)
    {
        byte[] bytes = [.. "one\ntwo\nthr"u8, 0xE9, .. "e\n"u8];

        Refused(name, bytes, new(), "line 3: is not UTF-8 text");
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_in_json_too()
    {
        Refused("a.jsonl", [.. "\"one\"\n\"tw"u8, 0xE9, .. "\"\n"u8], new(), "line 2: is not UTF-8 text");
        Refused("b.json", [.. "[\"one\",\n\"tw"u8, 0xE9, .. "\"]\n"u8], new(), "line 2: is not UTF-8 text");
    }

    [Fact]
    public void Utf16_is_refused() => Refused("a.txt", Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("one\ntwo\n")).ToArray(), new(), "line 1: is not UTF-8 text");

    [Theory]
    [InlineData("3", "line 1: there is no column 3 (the file has 2 columns)")]
    [InlineData("0", "line 1: there is no column 0")]
    [InlineData("sentence", "line 1: there is no column sentence (the file has a, b)")]
    [InlineData(null, "line 1: there are 2 columns")]
    public void A_missing_column_is_refused(string? column, string problem) => Refused("a.tsv", "a\tb\nc\td\n", new() { TextColumn = column }, problem);

    [Fact]
    public void Columns_of_plain_lines_are_refused() => Refused("a.txt", "a\n", new() { LabelColumn = "2" }, "has no columns");

    [Theory]
    [InlineData("a\tb\nc\n", "line 2: has 1 columns, the first row has 2")]
    [InlineData("a\tb\n\nc\td\te\n", "line 3: has 3 columns, the first row has 2")]
    public void A_row_with_other_columns_is_refused(string content, string problem) => Refused("a.tsv", content, new() { TextColumn = "1" }, problem);

    [Theory]
    [InlineData("a,b\nc,\"d\n")]
    [InlineData("a,b\nc,d\"e\n")]
    [InlineData("a,b\n\"c\"d,e\n")]
    public void Wrong_quotes_in_csv_are_refused_with_their_line(string content) => Refused("a.csv", content, new() { TextColumn = "1" }, "line 2: ");

    [Theory]
    [InlineData("{\"text\": \"a\"}\n{\"text\": \n", "line 2: is not one JSON value")]
    [InlineData("{\"text\": \"a\"} {\"text\": \"b\"}\n", "line 1: ")]
    [InlineData("{\"text\": \"a\"}\n{\"txt\": \"b\"}\n", "line 2: has no field text")]
    [InlineData("{\"text\": \"a\"}\n{\"text\": 5}\n", "line 2: the field text is a JSON number")]
    [InlineData("\"a\"\n[\"b\"]\n", "line 2: holds a JSON list")]
    [InlineData("\"a\"\n\"\\ud800\"\n", "line 2: a string holds half of a surrogate pair")]
    [InlineData("\"a\"\n{\"\\ud800ext\": \"b\"}\n", "line 2: a name holds half of a surrogate pair")]
    [InlineData("\"a\"\n\"\"\n", "line 2: the text is empty")]
    public void Wrong_json_lines_are_refused_with_their_line(string content, string problem) => Refused("a.jsonl", content, new(), problem);

    [Theory]
    [InlineData("[\"a\",\n\"b\"", "line 2: is not a JSON list of strings or objects")]
    [InlineData("[\"a\",\n\"b\"]\n,", "line 3: is not a JSON list of strings or objects")]
    [InlineData("[\"a\",\n]", "line 2: is not a JSON list of strings or objects")]
    [InlineData("[\"a\",\n7]", "line 2: holds a JSON number")]
    [InlineData("[\"a\",\n{\"text\": null}]", "line 2: the field text is a JSON null")]
    public void A_wrong_json_list_is_refused_with_its_line(string content, string problem) => Refused("a.json", content, new(), problem);

    [Fact]
    public void A_json_object_is_no_list() => Refused("a.json", "{\"text\": \"a\"}", new() { Format = TextFormat.JsonList }, "is not a JSON list");

    [Fact]
    public void A_json_list_nested_without_end_is_refused() => Refused("a.json", "[" + new string('[', 100_000), new(), "is not a JSON list");

    [Fact]
    public void A_label_column_with_one_class_is_refused() =>
        Refused("a.tsv", "1\ta\n1\tb\n", new() { TextColumn = "2", LabelColumn = "1" }, "the label column holds one class only (1)");

    [Fact]
    public void A_missing_label_is_refused_with_its_line()
    {
        Refused("a.tsv", "1\ta\n\tb\n", new() { TextColumn = "2", LabelColumn = "1" }, "line 2: the label is missing");
        Refused("a.jsonl", "{\"text\": \"a\", \"y\": 1}\n{\"text\": \"b\"}\n", new() { LabelColumn = "y" }, "line 2: has no field y");
    }

    [Fact]
    public void A_label_column_with_as_many_classes_as_rows_is_refused()
    {
        string content = string.Concat(Enumerable.Range(0, TextSource.MaximumLabelClasses + 1).Select(i => $"{i}\ta\n"));

        Refused("a.tsv", content, new() { TextColumn = "2", LabelColumn = "1" }, "more than 1000 different labels");
    }

    [Theory]
    [InlineData("a.txt", "")]
    [InlineData("a.tsv", "")]
    [InlineData("a.csv", "\"")]
    [InlineData("b.csv", "\"x\n")]
    [InlineData("a.jsonl", "\"")]
    [InlineData("a.json", "[\"")]
    public void A_row_without_an_end_is_refused_before_it_fills_the_memory(string name, string begin)
    {
        string path = _folder.PathOf(name);
        using (FileStream file = File.Create(path))
        {
            file.Write(Encoding.UTF8.GetBytes(begin));
            string piece = name == "b.csv" ? new string('x', 1023) + "\n" : new string('x', 1024);
            for (int i = 0; i < 8192; i++)
            {
                file.Write(Encoding.UTF8.GetBytes(piece));
            }
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        InputException exception = Assert.Throws<InputException>(() => TextSource.Open(path, new() { MaximumRowBytes = 100_000 }));
        Assert.Contains("a row is longer than 100000 bytes", exception.Problem, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3_000_000);
    }

    [Theory]
    [InlineData("a.txt", "123456789\n12345678901\n")]
    [InlineData("a.tsv", "1\t2345678\n1\t345678901\n")]
    [InlineData("a.csv", "1,2345678\n1,345678901\n")]
    [InlineData("a.jsonl", "\"2345678\"\n\"2345678901\"\n")]
    [InlineData("a.json", "[\"2345678\",\n\"234567890\"]\n")]
    public void A_row_of_the_longest_length_is_read_and_one_byte_more_is_refused(string name, string content)
    {
        string? column = name is "a.tsv" or "a.csv" ? "2" : null;

        Refused(name, content, new() { TextColumn = column, MaximumRowBytes = 10 }, "line 2: a row is longer than 10 bytes");
        Assert.Equal(2, TextSource.Open(_folder.PathOf(name), new() { TextColumn = column, MaximumRowBytes = 12 }).RowCount);
    }

    [Fact]
    public void A_file_that_changes_between_two_readings_is_refused()
    {
        string path = _folder.PathOf("a.txt");
        File.WriteAllText(path, "one\ntwo\n");
        TextSource source = TextSource.Open(path);
        foreach (string changed in (string[])["one\ntwa\n", "one\n", "one\ntwo\nthree\n"])
        {
            File.WriteAllText(path, changed);

            Assert.Contains("has changed", Assert.Throws<InputException>(() => source.ReadRows().Count()).Problem, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.tsv")]
    [InlineData("a.csv")]
    [InlineData("a.jsonl")]
    [InlineData("a.json")]
    public void Random_changes_of_the_bytes_are_read_or_refused(string name)
    {
        byte[] whole = Encoding.UTF8.GetBytes(name switch
        {
            "a.tsv" => "1\tone ü\n0\t\"two\"\n1\tthree\n",
            "a.csv" => "1,\"one, \"\"ü\"\"\"\n0,\"two\nlines\"\n1,three\n",
            "a.jsonl" => "{\"2\": \"one \\u00fc\", \"1\": 1}\n{\"2\": \"two\", \"1\": 0}\n",
            "a.json" => "[{\"2\": \"one \\u00fc\", \"1\": 1},\n{\"2\": \"two\", \"1\": 0}]\n",
            _ => "one ü\ntwo\nthree\n",
        });
        TextOptions options = name == "a.txt" ? new() : new() { TextColumn = "2", LabelColumn = "1" };
        string path = _folder.PathOf(name);
        Random random = new(11);
        int read = 0;
        for (int round = 0; round < 400; round++)
        {
            byte[] bytes = [.. whole.Take(random.Next(4) == 0 ? random.Next(whole.Length) : whole.Length)];
            for (int flips = random.Next(4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : "\"\n\r\t,[]{}\\"u8[random.Next(10)]);
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                TextSource source = TextSource.Open(path, options);
                Assert.Equal(source.RowCount, source.ReadRows().Count());
                read++;
            }
            catch (InputException exception)
            {
                Assert.Equal(path, exception.Subject);
            }
        }

        Assert.InRange(read, 1, 399);
    }

    private void Refused(string name, string content, TextOptions options, string problem) => Refused(name, Encoding.UTF8.GetBytes(content), options, problem);

    private void Refused(string name, byte[] content, TextOptions options, string problem)
    {
        string path = _folder.PathOf(name);
        File.WriteAllBytes(path, content);
        InputException exception = Assert.Throws<InputException>(() => TextSource.Open(path, options));
        Assert.Equal(path, exception.Subject);
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
    }
}
