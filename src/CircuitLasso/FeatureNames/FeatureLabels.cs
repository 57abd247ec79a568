using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Collects labels for the nodes of one circuit from files of JSON lines, compressed with gzip or not: lines of one's own, annotations, and Neuronpedia's dumps of
/// explanations and of features. What a line is shows in its members. Memory: one line, and what belongs to the circuit. Not thread-safe.
/// </summary>
public sealed partial class FeatureLabels
{
    private const int LongestLabel = 1000;
    private const int MostTokens = 20;
    private readonly Dictionary<(string Model, string Source, int Index), string> _pages = [];
    private readonly HashSet<string> _features = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Text, FeatureLabelOrigin Origin)> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (TokenEffect[] Promoted, TokenEffect[] Suppressed)> _tokens = new(StringComparer.Ordinal);

    /// <summary>Begins with no labels.</summary>
    /// <param name="circuit">The circuit; where its provenance names the Neuronpedia source of a site, Neuronpedia's lines are known by it.</param>
    public FeatureLabels(Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        foreach (CircuitNode node in circuit.Nodes)
        {
            string name = FeatureName.WithoutPosition(node.Name, out _);
            _features.Add(name);
            _features.Add(node.Name);
            if (node.Kind == CircuitNodeKind.Feature && FeatureName.Parse(name) is { } feature && NeuronpediaSource.Of(circuit, feature) is { } source)
            {
                _pages.TryAdd((source.Model, source.Source, feature.Index), name);
            }
        }
    }

    /// <summary>The labels found so far, by node; one that stands at several positions is called without them.</summary>
    public IReadOnlyDictionary<string, (string Text, FeatureLabelOrigin Origin)> Labels => _labels;

    /// <summary>Reads a file. A node that has a label keeps it, unless the new one is of an earlier <see cref="FeatureLabelOrigin"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Stops between lines.</param>
    /// <returns>How many lines spoke of nodes of the circuit.</returns>
    /// <exception cref="InputException">There is no such file, it is damaged, a line is too long or no JSON, or none of the known kinds.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public int Read(string path, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using LabelLines lines = new(path);
        int used = 0;
        while (lines.TryRead(out ReadOnlyMemory<byte> line))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                used += Take(document.RootElement) switch
                {
                    true => 1,
                    false => 0,
                    null => throw lines.Refuse("is no label of a known kind"),
                };
            }
            catch (Exception cause) when (cause is JsonException or InvalidOperationException)
            {
                // Text that is not UTF-8 and halves of surrogate pairs show only when a string is taken out.
                throw lines.Refuse("is not valid JSON: " + cause.Message, cause);
            }
        }

        return used;
    }

    /// <summary>The circuit with the labels, and with Neuronpedia's promoted and suppressed tokens where a feature has none yet.</summary>
    /// <param name="circuit">The circuit that this was made for, or the same with other findings.</param>
    public Circuit Apply(Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        Dictionary<string, FeatureProfile> profiles = circuit.Profiles.ToDictionary(profile => profile.Node);
        foreach (string node in circuit.Nodes.Select(node => node.Name))
        {
            FeatureProfile profile = profiles.GetValueOrDefault(node) ?? new FeatureProfile(node, 0, 0, 0, 0);
            if (profile.Promoted.Count + profile.Suppressed.Count == 0 && _tokens.TryGetValue(FeatureName.WithoutPosition(node, out _), out (TokenEffect[] Promoted, TokenEffect[] Suppressed) tokens))
            {
                profiles[node] = profile with { Promoted = tokens.Promoted, Suppressed = tokens.Suppressed };
            }
        }

        return circuit.With(nodes: circuit.Nodes.Select(node => LabelOf(node.Name) is { } label ? node with { Label = label } : node), profiles: profiles.Values);
    }

    // A label of the node itself goes before one of its feature at all positions.
    private string? LabelOf(string node) =>
        _labels.TryGetValue(node, out (string Text, FeatureLabelOrigin) label) || _labels.TryGetValue(FeatureName.WithoutPosition(node, out _), out label) ? label.Text : null;

    // Whether the line spoke of a node of the circuit; null where it is of no known kind.
    private bool? Take(JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (Text(row, "node") is { } node && Text(row, "label") is { } own)
        {
            return Add(node, own, FeatureLabelOrigin.Own);
        }

        if (Text(row, "Name") is { } name && Text(row, "Annotation") is { } annotation)
        {
            return NodeOfAnnotation(name) is { } annotated && Add(annotated, annotation, FeatureLabelOrigin.Annotation);
        }

        if (Text(row, "modelId") is not { } model || Text(row, "layer") is not { } source || Index(row) is not { } index)
        {
            return null;
        }

        return _pages.TryGetValue((model, source, index), out string? page) && (TakeExplanation(row, page) | TakeTokens(row, page));
    }

    private bool TakeExplanation(JsonElement row, string node)
    {
        if (Text(row, "description") is { } description)
        {
            return Add(node, description, FeatureLabelOrigin.Neuronpedia);
        }

        // Rows of features may carry their explanations.
        return row.TryGetProperty("explanations", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object ? Text(item, "description") : null).OfType<string>().FirstOrDefault() is { } first
            && Add(node, first, FeatureLabelOrigin.Neuronpedia);
    }

    private bool TakeTokens(JsonElement row, string node)
    {
        TokenEffect[] promoted = Tokens(row, "pos_str", "pos_values");
        TokenEffect[] suppressed = Tokens(row, "neg_str", "neg_values");
        return promoted.Length + suppressed.Length > 0 && _tokens.TryAdd(node, (promoted, suppressed));
    }

    private bool Add(string node, string label, FeatureLabelOrigin origin)
    {
        string text = label.Trim();
        if (text.Length == 0 || !_features.Contains(node))
        {
            return false;
        }

        if (!_labels.TryGetValue(node, out (string, FeatureLabelOrigin Origin) known) || origin < known.Origin)
        {
            _labels[node] = (text.Length <= LongestLabel ? text : text[..(LongestLabel - 1)] + "…", origin);
        }

        return true;
    }

    // feature-circuits calls sites resid_5, attn_5, mlp_5 and embed: the residual stream after a layer and what its sublayers put out.
    private static string? NodeOfAnnotation(string name)
    {
        Match match = AnnotatedName().Match(name);
        if (!match.Success)
        {
            return null;
        }

        string site = match.Groups["site"].Value switch
        {
            "resid" => "resid_post.",
            "attn" => "attn_out.",
            "mlp" => "mlp_out.",
            _ => "embed",
        };
        return $"{site}{match.Groups["layer"].Value}/{match.Groups["feature"].Value}";
    }

    private static string? Text(JsonElement row, string name) => row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Index(JsonElement row)
    {
        if (!row.TryGetProperty("index", out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 0 ? number
            : value.ValueKind == JsonValueKind.String && int.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out number) ? number
            : null;
    }

    private static TokenEffect[] Tokens(JsonElement row, string texts, string values)
    {
        if (!row.TryGetProperty(texts, out JsonElement tokens) || tokens.ValueKind != JsonValueKind.Array || !row.TryGetProperty(values, out JsonElement effects) || effects.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        return
        [
            .. tokens.EnumerateArray().Zip(effects.EnumerateArray())
                .Where(pair => pair.First.ValueKind == JsonValueKind.String && pair.Second.ValueKind == JsonValueKind.Number && double.IsFinite(pair.Second.GetDouble()))
                .Take(MostTokens)
                .Select(pair => new TokenEffect(pair.First.GetString()!, pair.Second.GetDouble())),
        ];
    }

    [GeneratedRegex("^(?:(?<site>resid|attn|mlp)_(?<layer>[0-9]{1,6})|(?<site>embed))/(?<feature>[0-9]{1,10})$", RegexOptions.CultureInvariant)]
    private static partial Regex AnnotatedName();
}
