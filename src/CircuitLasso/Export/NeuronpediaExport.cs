using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The graph JSON that Neuronpedia (<c>apps/webapp/app/api/graph/graph-schema.json</c>) and circuit-tracer's own viewer
/// (<c>circuit_tracer/frontend/graph_models.py</c>) read: the edges of the circuit without candidates. Nodes that have no position of their own stand at the last token.
/// </summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class NeuronpediaExport : ICircuitExport
{
    /// <summary>The fewest bytes of a graph, compressed with gzip, that Neuronpedia takes.</summary>
    public const long SmallestUpload = 1024;

    /// <summary>The most bytes of a graph, compressed with gzip, that Neuronpedia takes.</summary>
    public const long LargestUpload = 100L << 20;

    private const int PinnedPaths = 8;
    // Longer than any context in use; a larger number in a name is no position.
    private const int MostPositions = 1 << 20;

    private const string DefaultScan = "custom-model";
    private static readonly string[] _noPromptTokens = ["any", " text"];
    private readonly NeuronpediaGraphOptions _options;

    /// <summary>Creates the export.</summary>
    /// <param name="options">What the file says beside the circuit; null for the defaults.</param>
    /// <exception cref="InputException">A name has other characters than Neuronpedia allows, or a prompt has fewer than two tokens.</exception>
    public NeuronpediaExport(NeuronpediaGraphOptions? options = null)
    {
        _options = options ?? new NeuronpediaGraphOptions();
        _options.Check();
    }

    /// <inheritdoc/>
    public string Name => "neuronpedia";

    /// <inheritdoc/>
    public string Description => "graph JSON for Neuronpedia and circuit-tracer's viewer, without candidates";

    /// <inheritdoc/>
    public void Write(Circuit circuit, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        Circuit shown = circuit.WithoutCandidates();
        NeuronpediaLayout layout = NeuronpediaLayout.Of(shown, Tokens(shown).Length - 1);
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteStartObject("metadata");
        WriteMetadata(writer, circuit, shown, layout);
        writer.WriteEndObject();
        WriteView(writer, shown, layout);
        IReadOnlyDictionary<string, double> influence = Influence(shown);
        writer.WriteStartArray("nodes");
        foreach (NeuronpediaNode node in layout.Nodes)
        {
            writer.WriteStartObject();
            WriteNode(writer, shown, node, influence);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("links");
        foreach (CircuitEdge edge in shown.Edges)
        {
            writer.WriteStartObject();
            writer.WriteString("source", layout[edge.Source].NodeId);
            writer.WriteString("target", layout[edge.Target].NodeId);
            writer.WriteNumber("weight", edge.Weight);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes the object <c>metadata</c> of the graph alone, as an index of graphs lists it.</summary>
    internal void WriteMetadata(Utf8JsonWriter writer, Circuit circuit)
    {
        Circuit shown = circuit.WithoutCandidates();
        WriteMetadata(writer, circuit, shown, NeuronpediaLayout.Of(shown, Tokens(shown).Length - 1));
    }

    // The prompt's tokens; without a prompt two words, or as many numbers as the nodes have positions.
    private string[] Tokens(Circuit shown)
    {
        int last = shown.Nodes.Select(Position).Max() ?? -1;
        if (_options.Prompt is null)
        {
            return last < 0 ? _noPromptTokens : [.. Enumerable.Range(0, Math.Max(last + 1, _noPromptTokens.Length)).Select(position => Text($"#{position}"))];
        }

        return last < _options.PromptTokens.Count
            ? [.. _options.PromptTokens.Select(CircuitText.Writable)]
            : throw new InputException("--prompt", Text($"has {_options.PromptTokens.Count} tokens, and a node of the circuit stands at position {last}"), "give the prompt that the circuit is of");
    }

    private static int? Position(CircuitNode node)
    {
        FeatureName.WithoutPosition(node.Name, out int? position);
        return node.Kind is CircuitNodeKind.Feature or CircuitNodeKind.Error && position < MostPositions ? position : null;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private void WriteMetadata(Utf8JsonWriter writer, Circuit circuit, Circuit shown, NeuronpediaLayout layout)
    {
        NeuronpediaSource[] sources = [.. Sources(shown)];
        writer.WriteString("slug", _options.Slug);
        writer.WriteString("scan", _options.Scan ?? (sources.Select(source => source.Model).Distinct().ToArray() is [var model] ? model : DefaultScan));
        WriteStrings(writer, "transcoder_list", sources.Select(source => source.ToString()));
        WriteStrings(writer, "prompt_tokens", Tokens(shown));
        writer.WriteString("prompt", CircuitText.Writable(_options.Prompt ?? string.Concat(_noPromptTokens)));
        if (Influence(shown).Count > 0)
        {
            writer.WriteNumber("node_threshold", 1);
        }

        if (shown.Nodes.Any(node => node.Kind == CircuitNodeKind.Feature))
        {
            writer.WriteNumber("schema_version", 1);
        }

        if (SharedSet(shown, layout) is { } set)
        {
            writer.WriteStartObject("feature_details");
            writer.WriteString("neuronpedia_source_set", set);
            writer.WriteEndObject();
        }

        writer.WriteStartObject("info");
        writer.WriteString("description", Describe(circuit, shown, layout));
        WriteStrings(writer, "source_urls", sources.Select(source => $"https://www.neuronpedia.org/{source}"));
        writer.WriteStartObject("generator");
        writer.WriteString("name", "CircuitLasso");
        writer.WriteString("version", typeof(NeuronpediaExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? string.Empty);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteStartObject("generation_settings");
        foreach ((string key, string value) in circuit.Provenance)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("pruning_settings");
        writer.WriteNumber("candidate_nodes", circuit.Nodes.Count);
        writer.WriteNumber("candidate_edges", circuit.Edges.Count);
        writer.WriteEndObject();
    }

    private static string Describe(Circuit circuit, Circuit shown, NeuronpediaLayout layout)
    {
        string rows = layout.RowsAreLayers ? "A row is a layer."
            : circuit.Components is { ParallelBlocks: false } ? "Layer l takes the rows 2l + 1 (its heads) and 2l + 2 (its MLP)."
            : circuit.Components is not null ? "Layer l is row l + 1."
            : "Rows are numbered in computation order: " + string.Join(", ", RowNames(layout)) + ".";
        return $"Circuit for {shown.Target.Name}: {shown.Nodes.Count} nodes and {shown.Edges.Count} edges of {circuit.Nodes.Count} and {circuit.Edges.Count} candidates. "
            + $"Nodes without a position of their own stand at the last token. {rows} The p of an output is written because viewers ask for one; it is no probability. "
            + "A link's weight is the edge's score as its method defines it.";
    }

    private static IEnumerable<string> RowNames(NeuronpediaLayout layout) => layout.Nodes
        .Where(node => node.FeatureType is not (NeuronpediaNode.LogitKind or NeuronpediaNode.EmbeddingKind))
        .GroupBy(node => node.Layer)
        .Select(row => $"{row.Key} {(row.First().Node.Name.LastIndexOf('/') is > 0 and int slash ? row.First().Node.Name[..slash] : row.First().Node.Name)}");

    private static IEnumerable<NeuronpediaSource> Sources(Circuit circuit) => circuit.Nodes
        .Where(node => node.Kind == CircuitNodeKind.Feature)
        .Select(node => SourceOf(circuit, node))
        .OfType<NeuronpediaSource>()
        .Distinct();

    private static NeuronpediaSource? SourceOf(Circuit circuit, CircuitNode node) =>
        FeatureName.Parse(node.Name) is { } name ? NeuronpediaSource.Of(circuit, name) : null;

    // A page looks a feature up in the source "{row}-{set}": that holds only where every row is a layer and every site's source is named so.
    private static string? SharedSet(Circuit circuit, NeuronpediaLayout layout)
    {
        CircuitNode[] features = [.. circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature)];
        string?[] sets = [.. features.Select(node => SourceOf(circuit, node) is { } source && source.Layer == node.Layer && source.Set.Length > 0 ? source.Set : null).Distinct()];
        string?[] models = [.. features.Select(node => SourceOf(circuit, node)?.Model).Distinct()];
        return layout.RowsAreLayers && models.Length == 1 && sets.Length == 1 ? sets[0] : null;
    }

    // The nodes on the strongest paths are pinned, so that the page opens with a small picture of the circuit.
    private static void WriteView(Utf8JsonWriter writer, Circuit circuit, NeuronpediaLayout layout)
    {
        HashSet<string> onPaths = [circuit.Target.Name, .. StrongestPaths.Find(circuit, PinnedPaths).SelectMany(path => path.Nodes)];
        writer.WriteStartObject("qParams");
        WriteStrings(writer, "pinnedIds", layout.Nodes.Where(node => onPaths.Contains(node.Node.Name)).Select(node => node.NodeId));
        WriteStrings(writer, "supernodes", []);
        writer.WriteString("linkType", "both");
        writer.WriteString("clickedId", layout[circuit.Target.Name].NodeId);
        writer.WriteString("sg_pos", string.Empty);
        writer.WriteEndObject();
    }

    private static void WriteNode(Utf8JsonWriter writer, Circuit circuit, NeuronpediaNode node, IReadOnlyDictionary<string, double> influence)
    {
        bool isLogit = node.FeatureType == NeuronpediaNode.LogitKind;
        writer.WriteString("node_id", node.NodeId);
        writer.WriteNumber("feature", node.Feature);
        writer.WriteString("layer", node.Layer);
        writer.WriteNumber("ctx_idx", node.Position);
        writer.WriteString("feature_type", node.FeatureType);
        writer.WriteNumber("token_prob", isLogit ? 1.0 : 0.0);
        writer.WriteBoolean("is_target_logit", isLogit && node.Node == circuit.Target);
        writer.WriteString("jsNodeId", node.JsNodeId);
        writer.WriteString("clerp", node.Clerp);
        if (influence.TryGetValue(node.Node.Name, out double share))
        {
            writer.WriteNumber("influence", share);
        }
        else
        {
            writer.WriteNull("influence");
        }

        writer.WriteNull("activation");
        if (FeatureName.Parse(node.Node.Name) is { } name && SourceOf(circuit, node.Node) is { } source)
        {
            writer.WriteString("vis_link", source.Page(name.Index));
        }
    }

    // The running share of the relevance, most relevant nodes first: small is important, as circuit-tracer's pruning has it. Empty where no relevance is known.
    private static Dictionary<string, double> Influence(Circuit circuit)
    {
        CircuitNode[] nodes = [.. circuit.Nodes.Where(node => node.Kind is not (CircuitNodeKind.Target or CircuitNodeKind.Logits)).OrderByDescending(node => node.Relevance)];
        double largest = nodes.Select(node => node.Relevance).DefaultIfEmpty(0).Max();
        double all = nodes.Sum(node => Math.Max(0, node.Relevance) / largest);
        Dictionary<string, double> influence = new(StringComparer.Ordinal);
        if (!(largest > 0) || !double.IsFinite(all))
        {
            return influence;
        }

        double sum = 0;
        foreach (CircuitNode node in nodes)
        {
            sum += Math.Max(0, node.Relevance) / largest;
            influence.Add(node.Name, Math.Min(1, sum / all));
        }

        return influence;
    }

    private static void WriteStrings(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
