using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Reads EAP-IG's and MIB's graph JSON (hannamw/EAP-IG, <c>src/eap/graph.py</c>, <c>to_json</c>).</summary>
public static class EapIgGraphFile
{
    private const long LargestFile = 1L << 30;

    // As many parts of edges as a file of the largest size could name.
    private const long MostEdges = 1L << 25;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <remarks>Edges that the file does not name have score 0 and are outside; a score that is null counts as 0.</remarks>
    /// <exception cref="InputException">There is no such file, or it is no graph of this kind: a field is missing or wrong, or an edge is not one of the graph's.</exception>
    public static EapIgGraph Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes = ReadBytes(path);
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes);
            return Read(path, document.RootElement);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            // JSON can spell half a surrogate pair, which no name contains.
            throw Refuse(path, "is not valid JSON: " + cause.Message, cause);
        }
    }

    private static EapIgGraph Read(string path, JsonElement root)
    {
        JsonElement shape = Required(path, root, "the file", "cfg", JsonValueKind.Object);
        (int layers, int heads, int width) = (Number(path, shape, "n_layers"), Number(path, shape, "n_heads"), Number(path, shape, "d_model"));
        bool isParallel = shape.TryGetProperty("parallel_attn_mlp", out JsonElement parallel) && parallel.ValueKind == JsonValueKind.True;
        double nodes = ((double)layers * (heads + 1)) + 2;
        if (nodes * nodes * 3 > MostEdges * 2.0)
        {
            throw Refuse(path, $"{layers} layers of {heads} heads have too many edges for this reader");
        }

        ComponentGraph graph = new(layers, heads, isParallel, width);
        double[] scores = new double[graph.SplitEdgeCount];
        bool[] inGraph = new bool[graph.SplitEdgeCount];
        bool[] isNamed = new bool[graph.SplitEdgeCount];
        foreach (JsonProperty entry in Required(path, root, "the file", "edges", JsonValueKind.Object).EnumerateObject())
        {
            string name = entry.Name;
            if (Find(graph, name) is not { } part)
            {
                throw Refuse(path, $"{name} is no edge of {layers} layers with {heads} heads");
            }

            if (isNamed[part])
            {
                throw Refuse(path, $"edge {name} appears twice");
            }

            isNamed[part] = true;
            inGraph[part] = Flag(path, entry.Value, name);
            scores[part] = Score(path, entry.Value, name);
        }

        return new EapIgGraph(EdgeScores.FromSplit(graph, scores), inGraph);
    }

    // PARENT->CHILD, with <q>, <k> or <v> where the child is a head.
    private static long? Find(ComponentGraph graph, string name)
    {
        int arrow = name.IndexOf("->", StringComparison.Ordinal);
        if (arrow < 0)
        {
            return null;
        }

        string target = name[(arrow + 2)..];
        HeadInput? input = target.Length < 3 ? null : target[^3..] switch
        {
            "<q>" => HeadInput.Query,
            "<k>" => HeadInput.Key,
            "<v>" => HeadInput.Value,
            _ => null,
        };
        int from = graph.IndexOf(name[..arrow]);
        int to = graph.IndexOf(input is null ? target : target[..^3]);
        return from >= 0 && to >= 0 && from < graph.SourceCount(to) && (graph.Nodes[to].Kind == CircuitNodeKind.AttentionHead) == (input is not null)
            ? graph.SplitEdgeIndex(from, to, input ?? HeadInput.Query)
            : null;
    }

    private static bool Flag(string path, JsonElement edge, string name) =>
        edge.ValueKind != JsonValueKind.Object || !edge.TryGetProperty("in_graph", out JsonElement flag) || flag.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
            ? throw Refuse(path, $"edge {name} has no truth value \"in_graph\"")
            : flag.GetBoolean();

    private static double Score(string path, JsonElement edge, string name)
    {
        if (!edge.TryGetProperty("score", out JsonElement score) || score.ValueKind == JsonValueKind.Null)
        {
            return 0;
        }

        return score.ValueKind == JsonValueKind.Number && score.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw Refuse(path, $"edge {name} has a score that is no finite number");
    }

    private static int Number(string path, JsonElement shape, string name) =>
        Required(path, shape, "cfg", name, JsonValueKind.Number).TryGetInt32(out int value) && value is >= 1 and <= 1 << 20
            ? value
            : throw Refuse(path, $"cfg has a {name} that is no size of a model");

    private static JsonElement Required(string path, JsonElement value, string place, string name, JsonValueKind kind) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement member) && member.ValueKind == kind
            ? member
            : throw Refuse(path, $"{place} has no {(kind == JsonValueKind.Object ? "object" : "number")} \"{name}\"");

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return new FileInfo(path).Length <= LargestFile ? File.ReadAllBytes(path) : throw Refuse(path, $"is larger than {LargestFile >> 20} MiB");
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException(path, "there is no such graph file", "check the path", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, "cannot be read: " + cause.Message, "give a file that may be read", cause);
        }
    }

    private static InputException Refuse(string path, string problem, Exception? cause = null) =>
        new(path, problem, "give a graph that EAP-IG's to_json or this program's export --format eap-ig has written", cause);
}
