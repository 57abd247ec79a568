using System.Text;
using System.Xml;

namespace CircuitLasso;

/// <summary>
/// Writes one SVG chart that follows the reader's light or dark theme and needs nothing outside itself. Coordinates are pixels from the top left; styles are names, separated by
/// blanks, of the style sheet within: of text <c>muted</c>, <c>strong</c>, <c>heading</c>, <c>middle</c> and <c>end</c>, of lines <c>grid</c>, <c>thin</c>, <c>bold</c> and <c>mark</c>.
/// The same calls give the same text. Not thread-safe.
/// </summary>
public sealed class SvgPicture : IDisposable
{
    private const string Namespace = "http://www.w3.org/2000/svg";

    private const string Style = """
        .chart{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;--paper:#fff;--ink:#1c2430;--muted:#66717f;--line:#dde2e8;--one:#2166c4;--two:#cf4a2c}
        @media (prefers-color-scheme:dark){.chart{--paper:#12161c;--ink:#e8edf3;--muted:#94a0ae;--line:#2b333e;--one:#6aa9ff;--two:#ff8a6b}}
        .chart .paper{fill:var(--paper)}.chart text{fill:var(--ink);font-size:12px}.chart .muted{fill:var(--muted);font-size:11px}.chart .heading{font-weight:650;font-size:16px}.chart .strong{font-weight:600}
        .chart .middle{text-anchor:middle}.chart .end{text-anchor:end}.chart .grid{stroke:var(--line);fill:none}.chart .cell{fill:var(--two)}.chart .dot{fill:var(--one);fill-opacity:.55}
        .chart .thin{stroke:var(--one);fill:none;stroke-width:1;stroke-opacity:.22}.chart .bold{stroke:var(--one);fill:none;stroke-width:2.2}.chart .mark{stroke:var(--two);fill:none;stroke-width:2}
        """;

    private readonly StringBuilder _text = new();
    private readonly XmlWriter _writer;

    /// <summary>Begins a picture.</summary>
    /// <param name="title">The title, on top.</param>
    /// <param name="subtitle">What is seen, below the title.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    public SvgPicture(string title, string subtitle, double width, double height)
    {
        _writer = XmlWriter.Create(_text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = " ", NewLineChars = "\n" });
        _writer.WriteStartElement("svg", Namespace);
        Attributes(("class", "chart"), ("viewBox", Invariant($"0 0 {width:F0} {height:F0}")), ("width", Invariant($"{width:F0}")), ("height", Invariant($"{height:F0}")), ("role", "img"));
        Element("title", title);
        Element("style", Style);
        Element("rect", null, ("class", "paper"), ("width", "100%"), ("height", "100%"), ("rx", "8"));
        Text(24, 30, title, "heading");
        Text(24, 48, subtitle, "muted");
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    /// <summary>Adds text.</summary>
    /// <param name="x">Where it begins, has its middle or ends, by its style.</param>
    /// <param name="y">Its base line.</param>
    /// <param name="text">The text.</param>
    /// <param name="styles">Its styles.</param>
    public void Text(double x, double y, string text, string styles) => Element("text", text, ("class", styles), ("x", Invariant($"{x:F1}")), ("y", Invariant($"{y:F1}")));

    /// <summary>Adds a straight line.</summary>
    /// <param name="x1">Where it begins.</param>
    /// <param name="y1">Where it begins, downwards.</param>
    /// <param name="x2">Where it ends.</param>
    /// <param name="y2">Where it ends, downwards.</param>
    /// <param name="styles">Its styles.</param>
    public void Line(double x1, double y1, double x2, double y2, string styles) => Element("path", null, ("class", styles), ("d", Invariant($"M{x1:F1} {y1:F1}L{x2:F1} {y2:F1}")));

    /// <summary>Adds a line through points.</summary>
    /// <param name="points">The points, at least two.</param>
    /// <param name="styles">Its styles.</param>
    public void Path(IEnumerable<(double X, double Y)> points, string styles) =>
        Element("path", null, ("class", styles), ("d", "M" + string.Join('L', points.Select(point => Invariant($"{point.X:F1} {point.Y:F1}")))));

    /// <summary>Adds a coloured rectangle.</summary>
    /// <param name="x">Its left side.</param>
    /// <param name="y">Its top.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="opacity">How strong its colour is, from 0 to 1.</param>
    /// <param name="tooltip">What a pointer over it shows.</param>
    public void Cell(double x, double y, double width, double height, double opacity, string tooltip) => WithTooltip(
        "rect",
        tooltip,
        ("class", "cell"), ("x", Invariant($"{x:F1}")), ("y", Invariant($"{y:F1}")), ("width", Invariant($"{width:F1}")), ("height", Invariant($"{height:F1}")), ("rx", "4"), ("fill-opacity", Invariant($"{opacity:F2}")));

    /// <summary>Adds a dot.</summary>
    /// <param name="x">Its middle.</param>
    /// <param name="y">Its middle, downwards.</param>
    /// <param name="tooltip">What a pointer over it shows.</param>
    public void Dot(double x, double y, string tooltip) => WithTooltip("circle", tooltip, ("class", "dot"), ("cx", Invariant($"{x:F1}")), ("cy", Invariant($"{y:F1}")), ("r", "4"));

    /// <summary>Ends the picture.</summary>
    /// <returns>One SVG element and a line end.</returns>
    public string Finish()
    {
        _writer.WriteEndElement();
        _writer.Flush();
        return _text.Append('\n').ToString();
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private void WithTooltip(string name, string tooltip, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        _writer.WriteStartElement(name, Namespace);
        Attributes(attributes);
        Element("title", tooltip);
        _writer.WriteEndElement();
    }

    private void Element(string name, string? text, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        _writer.WriteStartElement(name, Namespace);
        Attributes(attributes);
        if (text is not null)
        {
            _writer.WriteString(CircuitText.Writable(text));
        }

        _writer.WriteEndElement();
    }

    private void Attributes(params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        foreach ((string name, string value) in attributes)
        {
            _writer.WriteAttributeString(name, value);
        }
    }
}
