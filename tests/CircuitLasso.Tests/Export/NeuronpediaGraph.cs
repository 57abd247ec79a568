using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.Tests;

/// <summary>Neuronpedia's graph JSON as its readers take it: the members that its schema and circuit-tracer's models ask for, and what the viewers do with them.</summary>
internal sealed class NeuronpediaGraph
{
    // The members of Neuronpedia's graph-schema.json and of circuit-tracer's graph_models.py, the stricter of the two where they differ.
    private const string Schema = """
        {
          "type": "object", "required": ["metadata", "qParams", "nodes", "links"],
          "properties": {
            "metadata": {
              "type": "object", "required": ["slug", "scan", "prompt_tokens", "prompt", "transcoder_list"],
              "properties": {
                "slug": {"type": "string", "pattern": "^[a-zA-Z0-9_.-]+$"}, "scan": {"type": "string", "pattern": "^[a-zA-Z0-9_.-]+$"},
                "prompt_tokens": {"type": "array", "items": {"type": "string"}, "minItems": 2}, "prompt": {"type": "string"},
                "transcoder_list": {"type": "array", "items": {"type": "string"}}, "node_threshold": {"type": "number"}, "schema_version": {"type": "integer", "enum": [1]},
                "feature_details": {"type": "object", "properties": {"feature_json_base_url": {"type": "string"}, "neuronpedia_source_set": {"type": "string"}, "neuronpedia_lorsa_source_set": {"type": "string"}}},
                "info": {"type": "object", "properties": {"description": {"type": "string"}, "creator_name": {"type": "string"}, "creator_url": {"type": "string"}, "source_urls": {"type": "array"},
                  "generator": {"type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "string"}, "url": {"type": "string"}, "email": {"type": "string"}}}, "create_time_ms": {"type": "number"}}},
                "generation_settings": {"type": "object", "properties": {"max_n_logits": {"type": "integer"}, "desired_logit_prob": {"type": "number"}, "batch_size": {"type": "integer"}, "max_feature_nodes": {"type": "integer"}}},
                "pruning_settings": {"type": "object", "properties": {"node_threshold": {"type": "number"}, "edge_threshold": {"type": "number"}}}
              }
            },
            "qParams": {
              "type": "object", "required": ["pinnedIds", "supernodes", "linkType", "clickedId", "sg_pos"],
              "properties": {"pinnedIds": {"type": "array", "items": {"type": "string"}}, "supernodes": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
                "linkType": {"type": "string", "enum": ["either", "input", "output", "both"]}, "clickedId": {"type": "string"}, "sg_pos": {"type": "string"}}
            },
            "nodes": {
              "type": "array",
              "items": {"type": "object", "required": ["node_id", "feature", "layer", "ctx_idx", "feature_type", "jsNodeId", "clerp"],
                "properties": {"node_id": {"type": "string"}, "feature": {"type": "integer"}, "layer": {"type": "string", "pattern": "^(E|[0-9]+)$"}, "ctx_idx": {"type": "integer"},
                  "feature_type": {"type": "string", "enum": ["cross layer transcoder", "lorsa", "mlp reconstruction error", "lorsa error", "embedding", "logit", "bias", "unknown"]},
                  "jsNodeId": {"type": "string"}, "clerp": {"type": "string"}, "influence": {"type": ["number", "null"]}, "activation": {"type": ["number", "null"]},
                  "token_prob": {"type": "number"}, "is_target_logit": {"type": "boolean"}, "vis_link": {"type": "string"}}}
            },
            "links": {
              "type": "array",
              "items": {"type": "object", "required": ["source", "target", "weight"], "properties": {"source": {"type": "string"}, "target": {"type": "string"}, "weight": {"type": "number"}}}
            }
          }
        }
        """;

    internal NeuronpediaGraph(string json)
    {
        Root = JsonDocument.Parse(json).RootElement;
        Assert.Empty(JsonSchema.Problems(Root, JsonDocument.Parse(Schema).RootElement));
        Metadata = Root.GetProperty("metadata");
        Nodes = [.. Root.GetProperty("nodes").EnumerateArray()];
        Links = [.. Root.GetProperty("links").EnumerateArray()];
        Tokens = [.. Metadata.GetProperty("prompt_tokens").EnumerateArray().Select(token => token.GetString()!)];
    }

    internal JsonElement Root { get; }

    internal JsonElement Metadata { get; }

    internal IReadOnlyList<JsonElement> Nodes { get; }

    internal IReadOnlyList<JsonElement> Links { get; }

    internal IReadOnlyList<string> Tokens { get; }

    internal static NeuronpediaGraph Of(Circuit circuit, NeuronpediaGraphOptions? options = null)
    {
        using MemoryStream stream = new();
        new NeuronpediaExport(options).Write(circuit, stream);
        return new NeuronpediaGraph(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    internal static string Text(JsonElement node, string name) => node.GetProperty(name).GetString()!;

    internal JsonElement Node(string clerpStart) => Assert.Single(Nodes, node => Text(node, "clerp").StartsWith(clerpStart, StringComparison.Ordinal));

    /// <summary>What both pages do with a graph before they draw it; throws where they do. Returns the text of every node as it is shown.</summary>
    internal IReadOnlyDictionary<string, string> Format()
    {
        double[] layers = [.. Nodes.Where(node => Text(node, "feature_type") != "logit").Select(node => Number(Text(node, "layer"))).Where(layer => !double.IsNaN(layer))];
        if (layers.DefaultIfEmpty(0).Max() == 0)
        {
            throw new InvalidOperationException("No layer found");
        }

        Dictionary<string, string> shown = [];
        foreach (JsonElement node in Nodes)
        {
            string type = Text(node, "feature_type");
            string clerp = Text(node, "clerp");
            int place = node.GetProperty("ctx_idx").GetInt32();
            if (type == "logit" && clerp.Length > 0)
            {
                Assert.False(double.IsNaN(Number(clerp.Split("(p=")[1].Split(')')[0])));
            }

            shown[Text(node, "node_id")] = type switch
            {
                "mlp reconstruction error" => $"Err: mlp \" {Tokens[place]}\"",
                "lorsa error" => $"Err: attn \" {Tokens[place]}\"",
                "embedding" => $"Emb: \" {Tokens[place]}\"",
                _ => clerp,
            };
        }

        return shown;
    }

    /// <summary>The features that circuit-tracer's page deletes: those that stand at more than two thirds of the tokens.</summary>
    internal IEnumerable<string> Deleted() => Nodes
        .Where(node => Text(node, "feature_type") is not ("logit" or "embedding") && !Text(node, "feature_type").Contains("error", StringComparison.Ordinal))
        .GroupBy(node => Text(node, "layer") + "_" + node.GetProperty("feature").GetRawText())
        .Where(group => group.Select(node => node.GetProperty("ctx_idx").GetInt32()).Distinct().Count() > Tokens.Count * 2.0 / 3)
        .Select(group => group.Key);

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;
}
