using System.Text.Encodings.Web;
using System.Text.Json;

namespace CircuitLasso;

/// <summary>Everything a circuit file holds, as one JSON object.</summary>
internal sealed class JsonExport : ICircuitExport
{
    public string Name => "json";

    public string Description => "everything in the circuit file, as one JSON object";

    public void Write(Circuit circuit, Stream stream)
    {
        HashSet<string> inCircuit = [.. circuit.NodesInCircuit()];
        ILookup<(string, string), EdgeCoefficient> coefficients = circuit.Coefficients.ToLookup(coefficient => (coefficient.Source, coefficient.Target));
        ILookup<(string, string), EdgeWeightPoint> path = circuit.WeightPath.ToLookup(point => (point.Source, point.Target));
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("format", CircuitFileSchema.Format);
        writer.WriteNumber("schema_version", CircuitFileSchema.Version);
        writer.WriteString("target", circuit.Target.Name);
        WriteComponents(writer, circuit.Components);
        writer.WriteStartArray("nodes");
        foreach (CircuitNode node in circuit.Nodes)
        {
            writer.WriteStartObject();
            WriteNode(writer, node, inCircuit.Contains(node.Name));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("edges");
        foreach (CircuitEdge edge in circuit.Edges)
        {
            writer.WriteStartObject();
            WriteEdge(writer, edge);
            writer.WriteStartArray("path");
            foreach (EdgeWeightPoint point in path[(edge.Source, edge.Target)])
            {
                writer.WriteStartObject();
                writer.WriteNumber("lambda", point.Lambda);
                writer.WriteNumber("weight", point.Weight);
                WriteOptional(writer, "stability", point.Stability);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            WriteCoefficients(writer, coefficients[(edge.Source, edge.Target)]);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteFindings(writer, circuit);
        writer.WriteEndObject();
    }

    private static void WriteNode(Utf8JsonWriter writer, CircuitNode node, bool inCircuit)
    {
        writer.WriteString("name", node.Name);
        writer.WriteString("kind", CircuitFileSchema.Word(node.Kind));
        writer.WriteNumber("place", node.Place);
        WriteOptional(writer, "layer", node.Layer);
        writer.WriteNumber("relevance", node.Relevance);
        WriteOptional(writer, "explained", node.Explained);
        writer.WriteString("label", node.Label);
        writer.WriteBoolean("in_circuit", inCircuit);
    }

    private static void WriteEdge(Utf8JsonWriter writer, CircuitEdge edge)
    {
        writer.WriteString("source", edge.Source);
        writer.WriteString("target", edge.Target);
        writer.WriteNumber("weight", edge.Weight);
        writer.WriteBoolean("in_circuit", edge.InCircuit);
        WriteOptional(writer, "norm", edge.Norm);
        WriteOptional(writer, "enters_at_lambda", edge.EntersAtLambda);
        WriteOptional(writer, "stability", edge.Stability);
        if (edge.Effect is { } effect)
        {
            writer.WriteNumber("effect", effect.Share);
            writer.WriteNumber("effect_rows", effect.Rows);
        }
    }

    private static void WriteCoefficients(Utf8JsonWriter writer, IEnumerable<EdgeCoefficient> coefficients)
    {
        if (!coefficients.Any())
        {
            return;
        }

        writer.WriteStartArray("coefficients");
        foreach (EdgeCoefficient coefficient in coefficients)
        {
            writer.WriteStartObject();
            writer.WriteNumber("coordinate", coefficient.Coordinate);
            writer.WriteNumber("output", coefficient.Output);
            writer.WriteNumber("value", coefficient.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteComponents(Utf8JsonWriter writer, ComponentGraph? graph)
    {
        if (graph is null)
        {
            writer.WriteNull("components");
            return;
        }

        writer.WriteStartObject("components");
        writer.WriteNumber("layers", graph.Layers);
        writer.WriteNumber("heads", graph.Heads);
        writer.WriteBoolean("parallel_blocks", graph.ParallelBlocks);
        writer.WriteNumber("width", graph.Width);
        writer.WriteEndObject();
    }

    private static void WriteFindings(Utf8JsonWriter writer, Circuit circuit)
    {
        writer.WriteStartArray("examples");
        foreach (CircuitExample example in circuit.Examples)
        {
            writer.WriteStartObject();
            writer.WriteString("node", example.Node);
            writer.WriteString("text", example.Text);
            writer.WriteNumber("value", example.Value);
            writer.WriteStartArray("tokens");
            foreach (ExampleToken token in example.Tokens)
            {
                writer.WriteStartObject();
                writer.WriteString("text", token.Text);
                writer.WriteNumber("value", token.Value);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("profiles");
        foreach (FeatureProfile profile in circuit.Profiles)
        {
            writer.WriteStartObject();
            WriteProfile(writer, profile);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("metrics");
        foreach ((string name, double value) in circuit.Metrics)
        {
            writer.WriteNumber(name, value);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("provenance");
        foreach ((string key, string value) in circuit.Provenance)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteProfile(Utf8JsonWriter writer, FeatureProfile profile)
    {
        writer.WriteString("node", profile.Node);
        writer.WriteNumber("rows", profile.Rows);
        writer.WriteNumber("active_rows", profile.ActiveRows);
        writer.WriteNumber("mean", profile.Mean);
        writer.WriteNumber("maximum", profile.Maximum);
        writer.WriteStartArray("histogram");
        foreach (ActivationBin bin in profile.Histogram)
        {
            writer.WriteStartObject();
            writer.WriteNumber("lower", bin.Lower);
            writer.WriteNumber("upper", bin.Upper);
            writer.WriteNumber("count", bin.Count);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteTokens(writer, "promoted", profile.Promoted);
        WriteTokens(writer, "suppressed", profile.Suppressed);
    }

    private static void WriteTokens(Utf8JsonWriter writer, string name, IReadOnlyList<TokenEffect> tokens)
    {
        writer.WriteStartArray(name);
        foreach (TokenEffect token in tokens)
        {
            writer.WriteStartObject();
            writer.WriteString("token", token.Token);
            writer.WriteNumber("effect", token.Effect);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
