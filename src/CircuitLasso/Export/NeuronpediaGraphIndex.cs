using System.Text.Encodings.Web;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// <c>graph-metadata.json</c>, by which circuit-tracer's local viewer knows the graphs of a folder: <c>{"graphs": [metadata, ...]}</c> beside files named <c>SLUG.json</c>.
/// </summary>
public static class NeuronpediaGraphIndex
{
    /// <summary>The name of the index within the folder of the graphs.</summary>
    public const string FileName = "graph-metadata.json";

    private const long LargestFile = 64L << 20;
    private const string Remedy = "move it away, or give --out another folder";

    /// <summary>Writes a graph as <c>SLUG.json</c> into a folder and lists it in the folder's index; entries of other graphs stay as they are.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="options">What the graph says beside the circuit; its slug names the file.</param>
    /// <param name="folder">The folder, which must exist.</param>
    /// <returns>The path of the graph.</returns>
    /// <exception cref="InputException">The circuit has no node to show, the index is not one, or a file cannot be written.</exception>
    public static string WriteGraph(Circuit circuit, NeuronpediaGraphOptions options, string folder)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        NeuronpediaExport export = new(options);
        string index = Path.Combine(folder, FileName);
        string graph = Path.Combine(folder, options.Slug + ".json");
        if (Path.GetFileName(graph) == FileName)
        {
            throw new InputException("--slug", $"'{options.Slug}' is the name of the index of graphs", "give another");
        }

        using JsonDocument? others = Read(index);
        CircuitExports.WriteFile(circuit, export, graph);
        AtomicFile.Write(index, stream => Write(stream, others, options.Slug, writer => export.WriteMetadata(writer, circuit)));
        return graph;
    }

    private static void Write(Stream stream, JsonDocument? others, string slug, Action<Utf8JsonWriter> writeMetadata)
    {
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteStartArray("graphs");
        foreach (JsonElement entry in others is null ? [] : Graphs(others.RootElement)!.Value.EnumerateArray().Where(entry => !IsOf(entry, slug)))
        {
            entry.WriteTo(writer);
        }

        writer.WriteStartObject();
        writeMetadata(writer);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static bool IsOf(JsonElement entry, string slug) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("slug", out JsonElement name) && name.ValueKind == JsonValueKind.String && name.ValueEquals(slug);

    private static JsonElement? Graphs(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("graphs", out JsonElement graphs) && graphs.ValueKind == JsonValueKind.Array ? graphs : null;

    private static JsonDocument? Read(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            if (new FileInfo(path).Length > LargestFile)
            {
                throw new InputException(path, $"is larger than {LargestFile >> 20} MiB", Remedy);
            }

            JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (Graphs(document.RootElement) is null)
            {
                document.Dispose();
                throw new InputException(path, "is no index of graphs", Remedy);
            }

            return document;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw new InputException(path, "is not valid JSON: " + cause.Message, Remedy, cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, "cannot be read: " + cause.Message, "check the file and its permissions", cause);
        }
    }
}
