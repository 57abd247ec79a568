using System.Globalization;
using System.Text;
using System.Xml;

namespace CircuitLasso;

/// <summary>
/// Draws a circuit as an SVG picture: computation runs from the bottom to the target on top, wider and darker lines are larger weights, blue for positive and
/// red for negative ones, and the fill of a node is its relevance. The picture follows the reader's light or dark theme, needs nothing outside
/// itself, and is the same text for the same circuit.
/// </summary>
public static class CircuitPicture
{
    private const string Namespace = "http://www.w3.org/2000/svg";
    private const double Margin = 24;
    private const double TitleHeight = 62;
    private const double LegendHeight = 36;

    private const string Style = """
        .circuit-picture{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;--paper:#ffffff;--ink:#1c2430;--muted:#66717f;--band:#f4f6f9;--node:#ffffff;--line:#c3cbd5;--dot:#d3d9e1;--plus:#2166c4;--minus:#cf4a2c;--fill:#f2b84b}
        @media (prefers-color-scheme:dark){.circuit-picture{--paper:#12161c;--ink:#e8edf3;--muted:#94a0ae;--band:#1a2029;--node:#202833;--line:#465262;--dot:#38424f;--plus:#6aa9ff;--minus:#ff8a6b;--fill:#b9801c}}
        .circuit-picture .paper{fill:var(--paper)}.circuit-picture .band{fill:var(--band)}
        .circuit-picture text{fill:var(--ink);font-size:12px}.circuit-picture .title{font-size:19px;font-weight:650}
        .circuit-picture .muted{fill:var(--muted);font-size:11.5px}.circuit-picture .name{font-weight:600;text-anchor:middle}
        .circuit-picture .share{opacity:.72;font-size:10px;text-anchor:middle}.circuit-picture tspan.share{font-weight:400;fill-opacity:.72}.circuit-picture .label{fill:var(--ink);font-size:10px;text-anchor:middle}
        .circuit-picture .node{fill:var(--node);stroke:var(--line);stroke-width:1}.circuit-picture .relevance{fill:var(--fill)}
        .circuit-picture .target .node{stroke:var(--ink);stroke-width:1.6}.circuit-picture .dot{fill:var(--dot)}
        .circuit-picture path{fill:none;stroke-linecap:round}.circuit-picture .plus{stroke:var(--plus)}.circuit-picture .minus{stroke:var(--minus)}
        """;

    /// <summary>Draws the circuit, without its candidates.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="title">A title of a few words.</param>
    /// <param name="maximumEdges">How many edges at most, the strongest; the picture says how many there are. At least 1.</param>
    /// <returns>One SVG element, which stands alone as a file or inside a web page.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximumEdges"/> is below 1.</exception>
    public static string Draw(Circuit circuit, string title, int maximumEdges = 150)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(title);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumEdges, 1);
        int all = circuit.Edges.Count(edge => edge.InCircuit);
        HashSet<CircuitEdge> strongest = [.. circuit.Edges.Where(edge => edge.InCircuit).OrderByDescending(edge => Math.Abs(edge.Weight)).Take(maximumEdges)];
        Circuit drawn = circuit.Select(strongest.Contains);
        PictureLayout layout = PictureLayout.Of(drawn);

        StringBuilder text = new();
        XmlWriterSettings settings = new() { OmitXmlDeclaration = true, Indent = true, IndentChars = " ", NewLineChars = "\n" };
        using (XmlWriter svg = XmlWriter.Create(text, settings))
        {
            double width = layout.Width + (2 * Margin);
            double height = TitleHeight + layout.Height + LegendHeight + Margin;
            svg.WriteStartElement("svg", Namespace);
            Attributes(svg, ("class", "circuit-picture"), ("viewBox", Text($"0 0 {width:F0} {height:F0}")), ("width", Text($"{width:F0}")), ("height", Text($"{height:F0}")), ("role", "img"));
            Element(svg, "title", CircuitText.Writable(title));
            Element(svg, "style", Style);
            Empty(svg, "rect", ("class", "paper"), ("width", Text($"{width:F0}")), ("height", Text($"{height:F0}")), ("rx", "10"));
            Element(svg, "text", CircuitText.Writable(title), ("class", "title"), ("x", Text($"{Margin:F0}")), ("y", "34"));
            Element(svg, "text", Summary(drawn, strongest.Count, all), ("class", "muted"), ("x", Text($"{Margin:F0}")), ("y", "53"));

            svg.WriteStartElement("g", Namespace);
            Attributes(svg, ("transform", Text($"translate({Margin:F0} {TitleHeight:F0})")));
            WriteBands(svg, layout);
            WriteEdges(svg, drawn, layout);
            WriteNodes(svg, drawn, layout);
            svg.WriteEndElement();
            WriteLegend(svg, drawn, TitleHeight + layout.Height + 26);
            svg.WriteEndElement();
        }

        return text.Append('\n').ToString();
    }

    private static string Summary(Circuit circuit, int drawn, int all)
    {
        int nodes = circuit.NodesInCircuit().Count;
        string edges = drawn < all ? Text($"the {drawn:N0} strongest of {all:N0} edges") : Text($"{all:N0} edges");
        string candidates = circuit.Edges.Count > all ? Text($" out of {circuit.Edges.Count:N0} candidates") : string.Empty;
        return Text($"{nodes:N0} nodes, {edges}{candidates}; computation runs upwards");
    }

    private static void WriteBands(XmlWriter svg, PictureLayout layout)
    {
        for (int i = 0; i < layout.Bands.Count; i++)
        {
            PictureBand band = layout.Bands[i];
            Empty(svg, "rect", ("class", "band"), ("x", "0"), ("y", Text($"{band.Top + 2:F1}")), ("width", Text($"{layout.Width:F1}")), ("height", Text($"{band.Height - 4:F1}")), ("rx", "6"));
            if (band.Label.Length > 0)
            {
                Element(svg, "text", band.Label, ("class", "muted"), ("x", "14"), ("y", Text($"{band.Top + (band.Height / 2) + 4:F1}")));
            }
        }
    }

    // The strongest edges are drawn last, so that nothing weak lies on them.
    private static void WriteEdges(XmlWriter svg, Circuit circuit, PictureLayout layout)
    {
        double largest = Largest(circuit);
        svg.WriteStartElement("g", Namespace);
        foreach (PictureEdge line in layout.Edges)
        {
            CircuitEdge edge = line.Edge;
            double reach = Math.Max(14, (line.StartY - line.EndY) * 0.45);
            svg.WriteStartElement("path", Namespace);
            Attributes(
                svg,
                ("d", Text($"M{line.StartX:F1} {line.StartY:F1}C{line.StartX + line.Bend:F1} {line.StartY - reach:F1} {line.EndX + line.Bend:F1} {line.EndY + reach:F1} {line.EndX:F1} {line.EndY:F1}")));
            Stroke(svg, edge.Weight, largest);
            Element(svg, "title", Text($"{edge.Source} → {edge.Target}: {edge.Weight:G4}"));
            svg.WriteEndElement();
        }

        svg.WriteEndElement();
    }

    private static void WriteNodes(XmlWriter svg, Circuit circuit, PictureLayout layout)
    {
        foreach (PlacedNode placed in layout.Nodes)
        {
            if (placed.Text is null)
            {
                svg.WriteStartElement("circle", Namespace);
                Attributes(svg, ("class", "dot"), ("cx", Text($"{placed.X:F1}")), ("cy", Text($"{placed.Y:F1}")), ("r", Text($"{placed.Width / 2:F1}")));
                Element(svg, "title", placed.Node.Name);
                svg.WriteEndElement();
                continue;
            }

            CircuitNode node = placed.Node;
            double left = placed.X - (placed.Width / 2);
            double top = placed.Y - (placed.Height / 2);
            svg.WriteStartElement("g", Namespace);
            Attributes(svg, ("class", node == circuit.Target ? "target" : "component"));
            Element(svg, "title", Tooltip(node));
            (string, string)[] box = [("x", Text($"{left:F1}")), ("y", Text($"{top:F1}")), ("width", Text($"{placed.Width:F1}")), ("height", Text($"{placed.Height:F1}")), ("rx", "8")];
            Empty(svg, "rect", [("class", "node"), .. box]);
            Empty(svg, "rect", [("class", "relevance"), ("opacity", Text($"{0.85 * Share(node.Relevance):F3}")), .. box]);
            WriteNodeText(svg, placed, HasRelevance(circuit));
            svg.WriteEndElement();
        }
    }

    private static void WriteNodeText(XmlWriter svg, PlacedNode placed, bool withRelevance)
    {
        string? share = withRelevance ? Percent(placed.Node.Relevance) : null;
        string? label = PictureLayout.LabelLine(placed.Node);
        string x = Text($"{placed.X:F1}");
        svg.WriteStartElement("text", Namespace);
        Attributes(svg, ("class", "name"), ("x", x), ("y", Text($"{placed.Y + ((share ?? label) is null ? 4 : -2):F1}")));
        svg.WriteString(placed.Text);
        if (label is not null && share is not null)
        {
            Element(svg, "tspan", share, ("class", "share"), ("dx", "6"));
        }

        svg.WriteEndElement();
        if ((label ?? share) is { } below)
        {
            Element(svg, "text", below, ("class", label is null ? "share" : "label"), ("x", x), ("y", Text($"{placed.Y + 11:F1}")));
        }
    }

    private static void WriteLegend(XmlWriter svg, Circuit circuit, double y)
    {
        double largest = Largest(circuit);
        double x = Margin;
        Element(svg, "text", "edge weight", ("class", "muted"), ("x", Text($"{x:F0}")), ("y", Text($"{y + 4:F0}")));
        x += 76;
        bool hasNegative = circuit.Edges.Any(edge => edge.InCircuit && edge.Weight < 0);
        double[] signs = hasNegative ? [1, -1] : [1];
        foreach (double sign in signs)
        {
            foreach (double part in new[] { 0.1, 0.5, 1 })
            {
                svg.WriteStartElement("path", Namespace);
                Attributes(svg, ("d", Text($"M{x:F0} {y:F0}h26")));
                Stroke(svg, sign * part * largest, largest);
                svg.WriteEndElement();
                string value = (sign * part * largest).ToString("G2", CultureInfo.InvariantCulture);
                Element(svg, "text", value, ("class", "muted"), ("x", Text($"{x + 33:F0}")), ("y", Text($"{y + 4:F0}")));
                x += 46 + (6.5 * value.Length);
            }
        }

        x += 18;
        if (HasRelevance(circuit))
        {
            Empty(svg, "rect", ("class", "node"), ("x", Text($"{x:F0}")), ("y", Text($"{y - 8:F0}")), ("width", "26"), ("height", "16"), ("rx", "5"));
            Empty(svg, "rect", ("class", "relevance"), ("opacity", "0.850"), ("x", Text($"{x + 31:F0}")), ("y", Text($"{y - 8:F0}")), ("width", "26"), ("height", "16"), ("rx", "5"));
            Element(svg, "text", "relevance 0 to 100%", ("class", "muted"), ("x", Text($"{x + 64:F0}")), ("y", Text($"{y + 4:F0}")));
            x += 204;
        }

        if (circuit.Components is not null)
        {
            Empty(svg, "circle", ("class", "dot"), ("cx", Text($"{x:F0}")), ("cy", Text($"{y:F0}")), ("r", "3.5"));
            Element(svg, "text", "not in the circuit", ("class", "muted"), ("x", Text($"{x + 10:F0}")), ("y", Text($"{y + 4:F0}")));
        }
    }

    private static void Stroke(XmlWriter svg, double weight, double largest)
    {
        double part = largest > 0 ? Math.Abs(weight) / largest : 0;
        Attributes(
            svg,
            ("class", weight < 0 ? "minus" : "plus"),
            ("stroke-width", Text($"{0.7 + (6.3 * Math.Pow(part, 0.9)):F2}")),
            ("stroke-opacity", Text($"{0.13 + (0.77 * Math.Pow(part, 0.75)):F2}")));
    }

    private static double Largest(Circuit circuit) => circuit.Edges.Where(edge => edge.InCircuit).Select(edge => Math.Abs(edge.Weight)).DefaultIfEmpty(0).Max();

    // Methods that score edges alone give nodes none.
    private static bool HasRelevance(Circuit circuit) => circuit.Nodes.Any(node => node.Relevance > 0);

    private static double Share(double relevance) => Math.Clamp(relevance, 0, 1);

    private static string Percent(double share) => share switch
    {
        0 or >= 0.0995 => Text($"{share * 100:F0}%"),
        > 0 and < 0.0005 => "<0.1%",
        _ => Text($"{share * 100:F1}%"),
    };

    private static string Tooltip(CircuitNode node)
    {
        string explained = node.Explained is { } share ? Text($", explained {share * 100:F1}%") : string.Empty;
        string label = node.Label is null ? string.Empty : ": " + node.Label;
        return Text($"{node.Name}{label} (relevance {node.Relevance * 100:F1}%{explained})");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static void Attributes(XmlWriter svg, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        foreach ((string name, string value) in attributes)
        {
            svg.WriteAttributeString(name, value);
        }
    }

    private static void Empty(XmlWriter svg, string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        svg.WriteStartElement(name, Namespace);
        Attributes(svg, attributes);
        svg.WriteEndElement();
    }

    private static void Element(XmlWriter svg, string name, string text, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        svg.WriteStartElement(name, Namespace);
        Attributes(svg, attributes);
        svg.WriteString(text);
        svg.WriteEndElement();
    }
}
