using System.Text.Json;

namespace CircuitLasso;

/// <summary>
/// EAP-IG's graph JSON (hannamw/EAP-IG, <c>src/eap/graph.py</c>, <c>to_json</c> and <c>from_json</c>): every candidate edge of the component graph with its
/// score, 0 where the circuit has none. A whole edge into a head is written three times, to the head's queries, keys and values.
/// </summary>
/// <remarks>EAP-IG has no node for y: where a circuit explains y and has no edge into logits, edges into y are written as edges into logits.</remarks>
internal sealed class EapIgExport : ICircuitExport
{
    private static readonly string[] _wholeSuffix = [string.Empty];
    private static readonly string[] _headSuffixes = ["<q>", "<k>", "<v>"];

    public string Name => "eap-ig";

    public string Description => "EAP-IG's and MIB's graph JSON, for component circuits";

    public void Write(Circuit circuit, Stream stream)
    {
        ComponentDiscovery components = ComponentDiscovery.FromCircuit(circuit, "--format eap-ig");
        ComponentGraph graph = components.Scores.Graph;
        HashSet<int> inCircuit = [graph.Nodes.Count - 1, .. graph.Edges.Where((_, edge) => components.InCircuit[edge]).SelectMany(ends => new[] { ends.Source, ends.Target })];
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("cfg");
        writer.WriteNumber("n_layers", graph.Layers);
        writer.WriteNumber("n_heads", graph.Heads);
        writer.WriteBoolean("parallel_attn_mlp", graph.ParallelBlocks);
        writer.WriteNumber("d_model", graph.Width);
        writer.WriteEndObject();
        writer.WriteStartObject("nodes");
        for (int node = 0; node < graph.Nodes.Count; node++)
        {
            writer.WriteStartObject(graph.Nodes[node].Name);
            writer.WriteBoolean("in_graph", inCircuit.Contains(node));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartObject("edges");
        int edge = 0;
        foreach ((int source, int target) in graph.Edges)
        {
            (string parent, string child) = (graph.Nodes[source].Name, graph.Nodes[target].Name);
            foreach (string suffix in graph.Nodes[target].Kind == CircuitNodeKind.AttentionHead ? _headSuffixes : _wholeSuffix)
            {
                writer.WriteStartObject($"{parent}->{child}{suffix}");
                writer.WriteNumber("score", components.Scores.Values[edge]);
                writer.WriteBoolean("in_graph", components.InCircuit[edge]);
                writer.WriteEndObject();
            }

            edge++;
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
