using System.Globalization;
using System.Text;
using System.Xml;

namespace CircuitLasso;

/// <summary>Nodes and edges, candidates included, as GraphML: node ids are the nodes' names.</summary>
internal sealed class GraphMlExport : ICircuitExport
{
    private const string Namespace = "http://graphml.graphdrawing.org/xmlns";

    private static readonly (string Name, string Domain, string Type)[] _keys =
    [
        ("target", "graph", "string"),
        ("kind", "node", "string"),
        ("place", "node", "int"),
        ("layer", "node", "int"),
        ("relevance", "node", "double"),
        ("explained", "node", "double"),
        ("label", "node", "string"),
        ("weight", "edge", "double"),
        ("in_circuit", "edge", "boolean"),
        ("norm", "edge", "double"),
        ("enters_at_lambda", "edge", "double"),
        ("stability", "edge", "double"),
    ];

    public string Name => "graphml";

    public string Description => "nodes and edges, candidates included, for Gephi, yEd, Cytoscape, NetworkX or igraph";

    public void Write(Circuit circuit, Stream stream)
    {
        XmlWriterSettings settings = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true, NewLineChars = "\n" };
        using XmlWriter writer = XmlWriter.Create(stream, settings);
        writer.WriteStartElement("graphml", Namespace);
        foreach ((string name, string domain, string type) in _keys)
        {
            writer.WriteStartElement("key", Namespace);
            writer.WriteAttributeString("id", name);
            writer.WriteAttributeString("for", domain);
            writer.WriteAttributeString("attr.name", name);
            writer.WriteAttributeString("attr.type", type);
            writer.WriteEndElement();
        }

        writer.WriteStartElement("graph", Namespace);
        writer.WriteAttributeString("id", "circuit");
        writer.WriteAttributeString("edgedefault", "directed");
        WriteData(writer, "target", circuit.Target.Name);
        foreach (CircuitNode node in circuit.Nodes)
        {
            writer.WriteStartElement("node", Namespace);
            writer.WriteAttributeString("id", node.Name);
            WriteData(writer, "kind", CircuitFileSchema.Word(node.Kind));
            WriteData(writer, "place", node.Place.ToString(CultureInfo.InvariantCulture));
            WriteData(writer, "layer", node.Layer?.ToString(CultureInfo.InvariantCulture));
            WriteData(writer, "relevance", Text(node.Relevance));
            WriteData(writer, "explained", Text(node.Explained));
            WriteData(writer, "label", node.Label);
            writer.WriteEndElement();
        }

        foreach (CircuitEdge edge in circuit.Edges)
        {
            writer.WriteStartElement("edge", Namespace);
            writer.WriteAttributeString("source", edge.Source);
            writer.WriteAttributeString("target", edge.Target);
            WriteData(writer, "weight", Text(edge.Weight));
            WriteData(writer, "in_circuit", edge.InCircuit ? "true" : "false");
            WriteData(writer, "norm", Text(edge.Norm));
            WriteData(writer, "enters_at_lambda", Text(edge.EntersAtLambda));
            WriteData(writer, "stability", Text(edge.Stability));
            writer.WriteEndElement();
        }

        writer.WriteEndElement();
        writer.WriteEndElement();
    }

    private static string? Text(double? number) => number?.ToString("R", CultureInfo.InvariantCulture);

    private static void WriteData(XmlWriter writer, string key, string? value)
    {
        if (value is not null)
        {
            writer.WriteStartElement("data", Namespace);
            writer.WriteAttributeString("key", key);
            writer.WriteString(value);
            writer.WriteEndElement();
        }
    }
}
