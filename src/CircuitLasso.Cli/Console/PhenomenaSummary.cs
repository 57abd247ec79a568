using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>circuit phenomena</c> prints.</summary>
internal sealed class PhenomenaSummary(Circuit circuit, FeaturePhenomena phenomena, string? outFile)
{
    private readonly CircuitEdge[] _effective =
    [
        .. circuit.Edges.Where(edge => edge is { InCircuit: true, Effect: not null } && !phenomena.SpuriousPairs.Any(pair => pair.Source == edge.Source && pair.Target == edge.Target))
            .OrderByDescending(edge => Math.Abs(edge.Weight)),
    ];

    public void WriteText(TextWriter output)
    {
        Section(output, "persist from site to site", phenomena.Chains, chain => $"{string.Join(" -> ", chain.Nodes)}  (cosines {string.Join(", ", chain.Cosines.Select(cosine => FormattableString.Invariant($"{cosine:F2}")))})");
        Section(output, "are made of different concepts", phenomena.Merges, merge => $"{merge.Node} from {string.Join(", ", merge.Parents)}");
        Section(output, "are read and not passed on", phenomena.Drops, drop => $"{drop.Node} read by {string.Join(", ", drop.Readers)}");
        Section(
            output, "are pairs that look spurious", phenomena.SpuriousPairs,
            pair => FormattableString.Invariant($"{pair.Source} -> {pair.Target}  weight {pair.Weight:G3}, cosine {pair.Cosine:F2}, {(pair.Effect is { } effect ? FormattableString.Invariant($"effect of ablation {effect:P1}") : "ablation not tried")}"));
        if (circuit.Edges.Any(edge => edge.Effect is not null))
        {
            Section(
                output, "are such pairs of which ablation shows an effect", _effective,
                edge => FormattableString.Invariant($"{edge.Source} -> {edge.Target}  weight {edge.Weight:G3}, effect of ablation {edge.Effect!.Share:P1} over {edge.Effect.Rows:N0} rows"));
        }

        if (outFile is not null)
        {
            output.WriteLine($"written to {outFile}");
        }
    }

    public void WriteJson(Utf8JsonWriter json)
    {
        if (outFile is not null)
        {
            json.WriteString("out", outFile);
        }

        json.WriteStartArray("chains");
        foreach (FeatureChain chain in phenomena.Chains)
        {
            json.WriteStartObject();
            Names(json, "nodes", chain.Nodes);
            json.WriteStartArray("cosines");
            foreach (double cosine in chain.Cosines)
            {
                json.WriteNumberValue(cosine);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Nodes(json, "merges", "parents", phenomena.Merges.Select(merge => (merge.Node, merge.Parents)));
        Nodes(json, "drops", "readers", phenomena.Drops.Select(drop => (drop.Node, drop.Readers)));
        json.WriteStartArray("spurious");
        foreach (SpuriousFeaturePair pair in phenomena.SpuriousPairs)
        {
            Edge(json, pair.Source, pair.Target, pair.Weight, pair.Cosine, circuit.Edge(pair.Source, pair.Target)?.Effect);
        }

        json.WriteEndArray();
        json.WriteStartArray("effective");
        foreach (CircuitEdge edge in _effective)
        {
            Edge(json, edge.Source, edge.Target, edge.Weight, null, edge.Effect);
        }

        json.WriteEndArray();
    }

    private static void Section<T>(TextWriter output, string what, IReadOnlyList<T> items, Func<T, string> line)
    {
        output.WriteLine(FormattableString.Invariant($"{items.Count} {what}"));
        foreach (T item in items)
        {
            output.WriteLine("  " + line(item));
        }
    }

    private static void Nodes(Utf8JsonWriter json, string name, string others, IEnumerable<(string Node, IReadOnlyList<string> Others)> entries)
    {
        json.WriteStartArray(name);
        foreach ((string node, IReadOnlyList<string> list) in entries)
        {
            json.WriteStartObject();
            json.WriteString("node", node);
            Names(json, others, list);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Names(Utf8JsonWriter json, string name, IEnumerable<string> names)
    {
        json.WriteStartArray(name);
        foreach (string entry in names)
        {
            json.WriteStringValue(entry);
        }

        json.WriteEndArray();
    }

    private static void Edge(Utf8JsonWriter json, string source, string target, double weight, double? cosine, AblationEffect? effect)
    {
        json.WriteStartObject();
        json.WriteString("source", source);
        json.WriteString("target", target);
        json.WriteNumber("weight", weight);
        if (cosine is { } value)
        {
            json.WriteNumber("cosine", value);
        }

        if (effect is not null)
        {
            json.WriteNumber("effect", effect.Share);
            json.WriteNumber("rows", effect.Rows);
        }

        json.WriteEndObject();
    }
}
