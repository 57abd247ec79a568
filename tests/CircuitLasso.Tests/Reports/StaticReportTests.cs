using System.Text.RegularExpressions;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed partial class StaticReportTests
{
    [Fact]
    public void Parts_come_in_their_order_and_all_text_is_escaped()
    {
        string html = Sample().ToHtml();
        string[] marks = ["<h1>A &lt;b&gt; &amp; c</h1>", "the lead", "<figure>", "class=\"note\"", "<h2>Paths</h2>", "<p>one paragraph", "<table>", "<pre><code>run &lt;this&gt;\n  now</code></pre>"];
        int[] positions = [.. marks.Select(mark => html.IndexOf(mark, StringComparison.Ordinal))];
        Assert.DoesNotContain(-1, positions);
        Assert.Equal(positions.Order(), positions);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_needs_nothing_outside_itself()
    {
        string html = Sample().ToHtml();
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        Assert.All(Address().Matches(html), match => Assert.Equal("http://www.w3.org/2000/svg", match.Value));
    }

    [Fact]
    public void Every_element_that_opens_is_closed_in_its_turn()
    {
        Stack<string> open = new();
        foreach (Match tag in Tag().Matches(Sample().ToHtml()))
        {
            string name = tag.Groups["name"].Value;
            if (name is "meta" || tag.Value.EndsWith("/>", StringComparison.Ordinal))
            {
                continue;
            }

            if (tag.Value[1] != '/')
            {
                open.Push(name);
            }
            else
            {
                Assert.Equal(open.Pop(), name);
            }
        }

        Assert.Empty(open);
    }

    [Fact]
    public void Columns_of_numbers_are_flush_right() => Assert.Contains(
        "<td>input → y</td><td class=\"number\">31.2%</td><td class=\"number\">-1,024</td>", Sample().ToHtml(), StringComparison.Ordinal);

    [Fact]
    public void A_row_of_another_length_is_refused() =>
        Assert.Throws<ArgumentException>(() => Sample().AddTable("t", ["a", "b"], [["1"]]));

    [Fact]
    public void The_same_parts_give_the_same_file()
    {
        using TemporaryFolder folder = new();
        Sample().Write(folder.PathOf("a.html"));
        Sample().Write(folder.PathOf("b.html"));
        Assert.Equal(File.ReadAllBytes(folder.PathOf("a.html")), File.ReadAllBytes(folder.PathOf("b.html")));
        Assert.Equal(Sample().ToHtml(), File.ReadAllText(folder.PathOf("a.html")));
    }

    private static StaticReport Sample()
    {
        StaticReport report = new("A <b> & c", "the lead");
        report.AddPicture(SampleCircuits.Component(), "the picture", "what to see");
        report.AddNote("How to read it", "first", "second");
        report.AddSection("Paths");
        report.AddParagraph("one paragraph <script>");
        report.AddTable("a caption", ["path", "strength", "count"], [["input → y", "31.2%", "-1,024"], ["b", "1%", "7"]]);
        report.AddFigure(FaithfulnessPicture.Draw("a curve", [new(0.1, 1, 0.4), new(0.5, 5, 1.2)], [new(0.5, 5, -0.1)], 10, new(0.2, 2, 0.8)), "a figure");
        report.AddCode("run <this>\n  now");
        return report;
    }

    [GeneratedRegex("""[a-z]+://[^\s"<]+""")]
    private static partial Regex Address();

    [GeneratedRegex("""</?(?<name>[a-zA-Z0-9]+)(\s[^<>]*)?/?>""")]
    private static partial Regex Tag();
}
