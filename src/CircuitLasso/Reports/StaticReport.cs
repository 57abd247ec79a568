using System.Globalization;
using System.Security;
using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// A report as one web page that needs nothing outside itself: no scripts, nothing loaded, styles and pictures inside, in the reader's light or dark theme.
/// Parts appear in the order in which they are added; all text is plain and escaped. The same parts give the same bytes. Not thread-safe.
/// </summary>
public sealed partial class StaticReport
{
    private const string Style = """
        :root{color-scheme:light dark;--paper:#fbfcfd;--ink:#1c2430;--muted:#5d6875;--rule:#dde3ea;--soft:#f0f3f7;--accent:#2166c4}
        @media (prefers-color-scheme:dark){:root{--paper:#0d1116;--ink:#e6ebf1;--muted:#98a4b1;--rule:#2b3440;--soft:#161c24;--accent:#6aa9ff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        main{max-width:1080px;margin:0 auto;padding:48px 24px 72px}
        h1{font-size:32px;line-height:1.2;margin:0 0 8px;letter-spacing:-.01em}
        .lead{font-size:18px;color:var(--muted);margin:0 0 32px;max-width:46em}
        h2{font-size:21px;margin:48px 0 12px;padding-top:20px;border-top:1px solid var(--rule)}
        p{max-width:46em;margin:0 0 14px}
        figure{margin:24px 0}
        figure .scroll{overflow-x:auto;border:1px solid var(--rule);border-radius:12px}
        figure svg{display:block;max-width:100%;height:auto;margin:0 auto}
        figcaption,caption{color:var(--muted);font-size:14px;text-align:left}
        figcaption{margin-top:8px;max-width:52em}
        .table{overflow-x:auto;margin:20px 0}
        table{border-collapse:collapse;font-size:14.5px;min-width:50%}
        caption{padding:0 0 8px}
        th{text-align:left;font-weight:600;border-bottom:2px solid var(--rule);padding:6px 18px 6px 0;white-space:nowrap}
        td{border-bottom:1px solid var(--rule);padding:5px 18px 5px 0;vertical-align:top}
        .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        pre{background:var(--soft);border:1px solid var(--rule);border-radius:10px;padding:14px 16px;overflow-x:auto;font:13.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        .note{border-left:4px solid var(--accent);background:var(--soft);border-radius:0 10px 10px 0;padding:12px 18px;margin:20px 0;max-width:52em}
        .note p:last-child{margin:0}.note strong{display:block;margin-bottom:4px}
        @media print{main{max-width:none;padding:0}pre,figure,table{break-inside:avoid}}
        """;

    private readonly StringBuilder _body = new();
    private readonly string _title;

    /// <summary>Begins a report.</summary>
    /// <param name="title">The headline.</param>
    /// <param name="lead">What was found, in one or two sentences.</param>
    public StaticReport(string title, string lead)
    {
        ArgumentException.ThrowIfNullOrEmpty(title);
        ArgumentNullException.ThrowIfNull(lead);
        _title = title;
        Line($"<h1>{Encoded(title)}</h1>");
        Line($"<p class=\"lead\">{Encoded(lead)}</p>");
    }

    /// <summary>Begins a section.</summary>
    /// <param name="heading">Its heading.</param>
    public void AddSection(string heading) => Line($"<h2>{Encoded(heading)}</h2>");

    /// <summary>Adds a paragraph.</summary>
    /// <param name="text">The text.</param>
    public void AddParagraph(string text) => Line($"<p>{Encoded(text)}</p>");

    /// <summary>Adds the picture of a circuit, as <see cref="CircuitPicture"/> draws it.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="title">The picture's title.</param>
    /// <param name="caption">What to see in it.</param>
    public void AddPicture(Circuit circuit, string title, string caption) => AddFigure(CircuitPicture.Draw(circuit, title), caption);

    /// <summary>Adds a picture as it stands.</summary>
    /// <param name="svg">One SVG element of the caller's own making, which is not escaped.</param>
    /// <param name="caption">What to see in it.</param>
    public void AddFigure(string svg, string caption)
    {
        Line("<figure><div class=\"scroll\">");
        _body.Append(svg);
        Line($"</div><figcaption>{Encoded(caption)}</figcaption></figure>");
    }

    /// <summary>Adds a table; columns in which every cell reads as a number (a percent sign may follow) are set flush right.</summary>
    /// <param name="caption">What the table shows.</param>
    /// <param name="header">The names of the columns.</param>
    /// <param name="rows">The rows, each with one cell a column.</param>
    /// <exception cref="ArgumentException">A row has more or fewer cells than there are columns.</exception>
    public void AddTable(string caption, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        ArgumentNullException.ThrowIfNull(header);
        IReadOnlyList<string>[] cells = [.. rows];
        if (Array.Exists(cells, row => row.Count != header.Count))
        {
            throw new ArgumentException("every row has one cell for each column", nameof(rows));
        }

        string[] classes = [.. header.Select((_, column) => cells.Length > 0 && Array.TrueForAll(cells, row => IsNumber(row[column])) ? " class=\"number\"" : string.Empty)];
        Line("<div class=\"table\"><table>");
        Line($"<caption>{Encoded(caption)}</caption>");
        Line($"<thead><tr>{string.Concat(header.Select((name, column) => $"<th scope=\"col\"{classes[column]}>{Encoded(name)}</th>"))}</tr></thead>");
        Line("<tbody>");
        foreach (IReadOnlyList<string> row in cells)
        {
            Line($"<tr>{string.Concat(row.Select((cell, column) => $"<td{classes[column]}>{Encoded(cell)}</td>"))}</tr>");
        }

        Line("</tbody></table></div>");
    }

    /// <summary>Adds text in a fixed-width face as it stands: the commands that made the report, say.</summary>
    /// <param name="text">The text, line ends included.</param>
    public void AddCode(string text) => Line($"<pre><code>{Encoded(text)}</code></pre>");

    /// <summary>Adds a note that stands out: how to read the picture, or what the numbers do not say.</summary>
    /// <param name="heading">Its heading.</param>
    /// <param name="paragraphs">Its paragraphs.</param>
    public void AddNote(string heading, params ReadOnlySpan<string> paragraphs)
    {
        Line($"<aside class=\"note\"><strong>{Encoded(heading)}</strong>");
        foreach (string paragraph in paragraphs)
        {
            Line($"<p>{Encoded(paragraph)}</p>");
        }

        Line("</aside>");
    }

    /// <summary>The page.</summary>
    public string ToHtml() =>
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        + $"<title>{Encoded(_title)}</title>\n<style>\n{(_hasFeatures ? Style + '\n' + FeatureStyle : Style)}\n</style>\n</head>\n<body>\n<main>\n{_body}</main>\n</body>\n</html>\n";

    /// <summary>Writes the page to a file, which is replaced in one step.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="InputException">The file cannot be written, or the disk is full.</exception>
    public void Write(string path) => AtomicFile.WriteAllText(path, ToHtml());

    private static string Encoded(string text) => SecurityElement.Escape(CircuitText.Writable(text));

    private static bool IsNumber(string cell) => double.TryParse(
        cell.TrimEnd('%').TrimEnd(), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out _);

    private void Line(string html) => _body.Append(html).Append('\n');
}
