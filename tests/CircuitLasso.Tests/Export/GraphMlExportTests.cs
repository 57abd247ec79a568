using System.Globalization;
using System.Xml.Linq;

namespace CircuitLasso.Tests;

public sealed class GraphMlExportTests
{
    private static readonly XNamespace _graphMl = "http://graphml.graphdrawing.org/xmlns";

    [Fact]
    public void The_document_keeps_GraphML_rules()
    {
        XElement root = XDocument.Parse(ExportText.Of("graphml", SampleCircuits.Features())).Root!;
        Assert.Equal(_graphMl + "graphml", root.Name);
        Assert.All(root.Elements(), element => Assert.Contains(element.Name.LocalName, new[] { "key", "graph" }));
        Dictionary<string, (string Domain, string Type)> keys = root.Elements(_graphMl + "key").ToDictionary(key => (string)key.Attribute("id")!, key => ((string)key.Attribute("for")!, (string)key.Attribute("attr.type")!));
        XElement graph = root.Element(_graphMl + "graph")!;
        Assert.Equal("directed", (string?)graph.Attribute("edgedefault"));
        HashSet<string> ids = [.. graph.Elements(_graphMl + "node").Select(node => (string)node.Attribute("id")!)];
        Assert.Equal(graph.Elements(_graphMl + "node").Count(), ids.Count);
        Assert.All(graph.Elements(_graphMl + "edge"), edge =>
        {
            Assert.Contains((string)edge.Attribute("source")!, ids);
            Assert.Contains((string)edge.Attribute("target")!, ids);
        });
        foreach (XElement data in graph.Descendants(_graphMl + "data"))
        {
            (string domain, string type) = keys[(string)data.Attribute("key")!];
            Assert.Equal(data.Parent!.Name.LocalName, domain);
            Assert.True(type switch
            {
                "int" => int.TryParse(data.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
                "double" => double.TryParse(data.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _),
                "boolean" => data.Value is "true" or "false",
                _ => type == "string",
            });
            Assert.Single(data.Parent.Elements(_graphMl + "data"), other => (string?)other.Attribute("key") == (string?)data.Attribute("key"));
        }
    }

    [Fact]
    public void Nodes_and_edges_keep_their_values()
    {
        Circuit circuit = SampleCircuits.Features();
        XElement graph = XDocument.Parse(ExportText.Of("graphml", circuit), LoadOptions.PreserveWhitespace).Root!.Element(_graphMl + "graph")!;
        Assert.Equal(
            circuit.Nodes.Select(node => (node.Name, node.Label, (double?)node.Relevance, node.Explained)),
            graph.Elements(_graphMl + "node").Select(node => ((string)node.Attribute("id")!, Data(node, "label"), Number(node, "relevance"), Number(node, "explained"))));
        Assert.Equal(
            circuit.Edges.Select(edge => (edge.Source, edge.Target, (double?)edge.Weight, edge.InCircuit, edge.Norm)),
            graph.Elements(_graphMl + "edge").Select(edge => ((string)edge.Attribute("source")!, (string)edge.Attribute("target")!, Number(edge, "weight"), Data(edge, "in_circuit") == "true", Number(edge, "norm"))));
    }

    private static string? Data(XElement element, string key) => element.Elements(_graphMl + "data").FirstOrDefault(data => (string?)data.Attribute("key") == key)?.Value;

    private static double? Number(XElement element, string key) => Data(element, key) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
}
