using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>Reads the nodes of a program, one by one.</summary>
internal sealed class ProgramNodeReader(ProgramJson json)
{
    private const int MaximumNodes = 256;
    private const int MaximumEntries = 1 << 18;

    private static readonly Dictionary<string, ProgramOperation> _operations = new(StringComparer.Ordinal)
    {
        ["tokens"] = ProgramOperation.Tokens,
        ["indices"] = ProgramOperation.Indices,
        ["map"] = ProgramOperation.Map,
        ["sequence_map"] = ProgramOperation.SequenceMap,
        ["linear"] = ProgramOperation.Linear,
        ["select"] = ProgramOperation.Select,
        ["aggregate"] = ProgramOperation.Aggregate,
        ["selector_width"] = ProgramOperation.SelectorWidth,
        ["last_previous_occurrence"] = ProgramOperation.LastPreviousOccurrence,
        ["gather"] = ProgramOperation.Gather,
        ["score"] = ProgramOperation.Score,
    };

    // Members that describe a node for a reader, or follow from the others, are accepted and not used.
    private static readonly HashSet<string> _known =
    [
        "id", "op", "inputs", "table", "coefficients", "predicate", "true_pairs_key_query", "default", "encoding", "values", "ll_components", "is_output",
        "tracr_label", "input_roles", "null_rule", "rule", "function", "hl_hook", "hl_components", "varies_with_tokens_at_fixed_length",
    ];

    public IReadOnlyList<ProgramNode> Read(JsonElement nodes)
    {
        JsonElement[] elements = json.List(nodes, "'nodes'", MaximumNodes);
        return [.. elements.Select((element, index) => ReadNode(element, index))];
    }

    private ProgramNode ReadNode(JsonElement element, int index)
    {
        json.RequireObject(element, $"node {index}");
        string id = json.Text(ProgramJson.Optional(element, "id") ?? throw json.Error($"node {index} has no 'id'"), $"the 'id' of node {index}");
        if (id.Length > 200 || id is "input" or "logits" || id.StartsWith("reciprocal_width(", StringComparison.Ordinal))
        {
            throw json.Error($"node {index} has a name that is too long or reserved");
        }

        string what = $"node '{id}'";
        json.RequireMembers(element, what, _known);
        string operation = json.OptionalText(element, "op") ?? throw json.NodeError(id, "has no 'op'");
        if (!_operations.TryGetValue(operation, out ProgramOperation kind))
        {
            throw json.NodeError(id, $"has the unknown operation '{(operation.Length > 60 ? operation[..60] : operation)}'");
        }

        // "see true_pairs" is how the published descriptions point from the predicate to the list.
        JsonElement? pairs = ProgramJson.Optional(element, "true_pairs_key_query");
        string? predicate = json.OptionalText(element, "predicate");
        if (pairs is not null && predicate is not (null or "see true_pairs"))
        {
            throw json.NodeError(id, "has both a predicate and true pairs");
        }

        return new ProgramNode
        {
            Id = id,
            Operation = kind,
            Inputs = ProgramJson.Optional(element, "inputs") is { } inputs ? json.Texts(inputs, $"the inputs of {what}", 64) : [],
            Numerical = json.OptionalText(element, "encoding") switch
            {
                null => null,
                "numerical" => true,
                "categorical" => false,
                _ => throw json.NodeError(id, "has an 'encoding' that is neither 'numerical' nor 'categorical'"),
            },
            Table = ProgramJson.Optional(element, "table") is { } table ? ReadTable(id, table, kind == ProgramOperation.SequenceMap ? 2 : 1) : null,
            Coefficients = ProgramJson.Optional(element, "coefficients") is { } coefficients
                ? [.. json.List(coefficients, $"the coefficients of {what}", 64).Select(item => json.Number(item, $"a coefficient of {what}", -1e9, 1e9))]
                : null,
            Predicate = pairs is null ? predicate : null,
            TruePairs = pairs is { } list ? ReadPairs(id, list) : null,
            Default = ProgramJson.Optional(element, "default") is { } absent ? json.Value(absent, $"the default of {what}") : null,
            Values = ProgramJson.Optional(element, "values") is { ValueKind: JsonValueKind.Array } values ? json.Values(values, $"the values of {what}", 1 << 16) : null,
            Components = ProgramJson.Optional(element, "ll_components") is { } components ? json.Texts(components, $"the components of {what}", 2) : [],
            IsOutput = json.Flag(element, "is_output", absent: false),
        };
    }

    private List<(ProgramValue[] Inputs, ProgramValue? Result)> ReadTable(string id, JsonElement table, int inputs)
    {
        string what = $"the table of node '{id}'";
        List<(ProgramValue[] Inputs, ProgramValue? Result)> entries = [];
        foreach (JsonElement element in json.List(table, what, MaximumEntries))
        {
            JsonElement[] entry = json.List(element, $"an entry of {what}", 8);
            if (entry.Length != inputs + 1)
            {
                throw json.NodeError(id, $"has a table entry of {entry.Length} values, not of {inputs} inputs and a result");
            }

            ProgramValue[] read = [.. entry[..inputs].Select(value => json.Value(value, what))];
            entries.Add((read, entry[inputs].ValueKind == JsonValueKind.Null ? null : json.Value(entry[inputs], what)));
        }

        return entries;
    }

    private List<(ProgramValue Key, ProgramValue Query)> ReadPairs(string id, JsonElement pairs)
    {
        string what = $"the true pairs of node '{id}'";
        List<(ProgramValue Key, ProgramValue Query)> read = [];
        foreach (JsonElement element in json.List(pairs, what, MaximumEntries))
        {
            JsonElement[] pair = json.List(element, $"an entry of {what}", 8);
            read.Add(pair.Length == 2 ? (json.Value(pair[0], what), json.Value(pair[1], what)) : throw json.NodeError(id, "has a true pair that is not one key and one query"));
        }

        return read;
    }
}
