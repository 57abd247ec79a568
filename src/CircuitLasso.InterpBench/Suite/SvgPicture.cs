using System.Text;
using System.Xml;

namespace CircuitLasso.InterpBench;

/// <summary>Writes one SVG picture that follows the reader's light or dark theme and needs nothing outside itself.</summary>
internal sealed class SvgPicture : IDisposable
{
    private const string Namespace = "http://www.w3.org/2000/svg";

    private const string Style = """
        .suite{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;--paper:#fff;--ink:#1c2430;--muted:#66717f;--line:#dde2e8;--one:#2166c4;--two:#cf4a2c}
        @media (prefers-color-scheme:dark){.suite{--paper:#12161c;--ink:#e8edf3;--muted:#94a0ae;--line:#2b333e;--one:#6aa9ff;--two:#ff8a6b}}
        .suite .paper{fill:var(--paper)}.suite text{fill:var(--ink);font-size:12px}.suite .muted{fill:var(--muted);font-size:11px}.suite .heading{font-weight:650;font-size:16px}.suite .strong{font-weight:600}
        .suite .middle{text-anchor:middle}.suite .end{text-anchor:end}.suite .grid{stroke:var(--line);fill:none}.suite .cell{fill:var(--two)}.suite .dot{fill:var(--one);fill-opacity:.55}
        .suite .thin{stroke:var(--one);fill:none;stroke-width:1;stroke-opacity:.22}.suite .bold{stroke:var(--one);fill:none;stroke-width:2.2}.suite .mark{stroke:var(--two);fill:none;stroke-width:2}
        """;

    private readonly StringBuilder _text = new();
    private readonly XmlWriter _writer;

    internal SvgPicture(string title, string subtitle, double width, double height)
    {
        _writer = XmlWriter.Create(_text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = " ", NewLineChars = "\n" });
        _writer.WriteStartElement("svg", Namespace);
        Attributes(("class", "suite"), ("viewBox", Invariant($"0 0 {width:F0} {height:F0}")), ("width", Invariant($"{width:F0}")), ("height", Invariant($"{height:F0}")), ("role", "img"));
        Element("title", title);
        Element("style", Style);
        Element("rect", null, ("class", "paper"), ("width", "100%"), ("height", "100%"), ("rx", "8"));
        Text(24, 30, title, "heading");
        Text(24, 48, subtitle, "muted");
    }

    internal static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    public void Dispose() => _writer.Dispose();

    internal void Text(double x, double y, string text, string styles) => Element("text", text, ("class", styles), ("x", Invariant($"{x:F1}")), ("y", Invariant($"{y:F1}")));

    internal void Line(double x1, double y1, double x2, double y2, string styles) => Element("path", null, ("class", styles), ("d", Invariant($"M{x1:F1} {y1:F1}L{x2:F1} {y2:F1}")));

    internal void Path(IEnumerable<(double X, double Y)> points, string styles) =>
        Element("path", null, ("class", styles), ("d", "M" + string.Join('L', points.Select(point => Invariant($"{point.X:F1} {point.Y:F1}")))));

    internal void Cell(double x, double y, double width, double height, double opacity, string tooltip) => WithTooltip(
        "rect",
        tooltip,
        ("class", "cell"), ("x", Invariant($"{x:F1}")), ("y", Invariant($"{y:F1}")), ("width", Invariant($"{width:F1}")), ("height", Invariant($"{height:F1}")), ("rx", "4"), ("fill-opacity", Invariant($"{opacity:F2}")));

    internal void Dot(double x, double y, string tooltip) => WithTooltip("circle", tooltip, ("class", "dot"), ("cx", Invariant($"{x:F1}")), ("cy", Invariant($"{y:F1}")), ("r", "4"));

    /// <summary>Ends the picture.</summary>
    /// <returns>One SVG element and a line end.</returns>
    internal string Finish()
    {
        _writer.WriteEndElement();
        _writer.Flush();
        return _text.Append('\n').ToString();
    }

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
            // What XML cannot hold has no place in a name of a case or method either.
            _writer.WriteString(string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : ' ')));
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
