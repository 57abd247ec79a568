using System.Globalization;
using System.Text;

namespace CircuitLasso;

/// <summary>The edges of the circuit, without candidates, as a Graphviz digraph: a row for every place, wider lines for larger weights.</summary>
internal sealed class DotExport : ICircuitExport
{
    public string Name => "dot";

    public string Description => "the circuit without its candidates, for Graphviz";

    public void Write(Circuit circuit, Stream stream)
    {
        Circuit drawn = circuit.WithoutCandidates();
        double largest = drawn.Edges.Select(edge => Math.Abs(edge.Weight)).DefaultIfEmpty(0).Max();
        using StreamWriter writer = new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine("digraph circuit {");
        writer.WriteLine("  rankdir=BT;");
        writer.WriteLine("  node [shape=box, style=rounded, fontname=\"Helvetica\"];");
        foreach (IGrouping<int, CircuitNode> row in drawn.Nodes.GroupBy(node => node.Place))
        {
            writer.WriteLine("  { rank=same;");
            foreach (CircuitNode node in row)
            {
                string label = node.Label is null ? node.Name : $"{node.Name}\n{node.Label}";
                writer.WriteLine($"    {Quoted(node.Name)} [label={Quoted(label)}];");
            }

            writer.WriteLine("  }");
        }

        foreach (CircuitEdge edge in drawn.Edges)
        {
            double width = largest > 0 ? 0.5 + (4.5 * (Math.Abs(edge.Weight) / largest)) : 0.5;
            string color = edge.Weight < 0 ? "#b3392f" : "#1f5fa8";
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {Quoted(edge.Source)} -> {Quoted(edge.Target)} [penwidth={width:F2}, color=\"{color}\", tooltip=\"{edge.Weight:R}\"];"));
        }

        writer.WriteLine("}");
    }

    // In DOT a backslash begins an escape inside labels, and line ends stand as \n.
    private static string Quoted(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\r", string.Empty, StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
