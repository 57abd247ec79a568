using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// EAP-IG's graph JSON (hannamw/EAP-IG, <c>src/eap/graph.py</c>, <c>to_json</c> and <c>from_json</c>): every candidate edge of the component graph with its
/// score, 0 where the circuit has none. A whole edge into a head is written three times, to the head's queries, keys and values.
/// </summary>
/// <remarks>EAP-IG has no node for y: where a circuit explains y and has no edge into logits, edges into y are written as edges into logits.</remarks>
internal sealed class EapIgExport : ICircuitExport
{
    private const string Logits = "logits";
    private static readonly string[] _wholeSuffix = [string.Empty];
    private static readonly string[] _headSuffixes = ["<q>", "<k>", "<v>"];

    public string Name => "eap-ig";

    public string Description => "EAP-IG's and MIB's graph JSON, for component circuits";

    public void Write(Circuit circuit, Stream stream)
    {
        ComponentGraph graph = circuit.Components
            ?? throw Refuse("the circuit is not one of a model's components (input, heads, MLPs, logits)");
        Dictionary<(string, string), CircuitEdge> edges = ComponentEdges(circuit, graph);
        HashSet<string> inCircuit = [Logits, .. edges.Where(pair => pair.Value.InCircuit).SelectMany(pair => new[] { pair.Key.Item1, pair.Key.Item2 })];
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("cfg");
        writer.WriteNumber("n_layers", graph.Layers);
        writer.WriteNumber("n_heads", graph.Heads);
        writer.WriteBoolean("parallel_attn_mlp", graph.ParallelBlocks);
        writer.WriteNumber("d_model", graph.Width);
        writer.WriteEndObject();
        writer.WriteStartObject("nodes");
        foreach (ComponentNode node in graph.Nodes)
        {
            writer.WriteStartObject(node.Name);
            writer.WriteBoolean("in_graph", inCircuit.Contains(node.Name));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartObject("edges");
        foreach ((int source, int target) in graph.Edges)
        {
            (string parent, string child) = (graph.Nodes[source].Name, graph.Nodes[target].Name);
            CircuitEdge? edge = edges.GetValueOrDefault((parent, child));
            foreach (string suffix in graph.Nodes[target].Kind == CircuitNodeKind.AttentionHead ? _headSuffixes : _wholeSuffix)
            {
                writer.WriteStartObject($"{parent}->{child}{suffix}");
                writer.WriteNumber("score", edge?.Weight ?? 0);
                writer.WriteBoolean("in_graph", edge?.InCircuit ?? false);
                writer.WriteEndObject();
            }
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static Dictionary<(string Source, string Target), CircuitEdge> ComponentEdges(Circuit circuit, ComponentGraph graph)
    {
        bool readsLogits = circuit.Edges.Any(edge => edge.Target == Logits);
        Dictionary<(string, string), CircuitEdge> edges = [];
        foreach (CircuitEdge edge in circuit.Edges)
        {
            bool isBehaviour = circuit[edge.Target].Kind == CircuitNodeKind.Target;
            if (isBehaviour && edge.Source == Logits)
            {
                continue; // What y reads off the logits is beyond the end of EAP-IG's graph.
            }

            string target = isBehaviour && !readsLogits ? Logits : edge.Target;
            if (!graph.Contains(edge.Source, target) || !edges.TryAdd((edge.Source, target), edge))
            {
                throw Refuse($"the circuit's edge {edge.Source}->{edge.Target} has no place in the model's component graph");
            }
        }

        return edges;
    }

    private static InputException Refuse(string problem) => new("--format eap-ig", problem, "choose another format, or learn a component circuit");
}
