namespace CircuitLasso;

/// <summary>The tables of a circuit file, as docs/circuit-file.md documents them.</summary>
internal static class CircuitFileSchema
{
    internal const string Format = "circuitlasso-circuit";
    internal const int Version = 1;

    internal const string FormatKey = "format";
    internal const string VersionKey = "schema_version";
    internal const string TargetKey = "target";
    internal const string LayersKey = "component_layers";
    internal const string HeadsKey = "component_heads";
    internal const string ParallelBlocksKey = "component_parallel_blocks";
    internal const string WidthKey = "component_width";
    internal const string ReadoutPoolingKey = "readout_pooling";
    internal const string ReadoutMeanKey = "readout_mean";
    internal const string ReadoutMaximumTokensKey = "readout_maximum_tokens";

    /// <summary>The statements that create the tables, by table.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Tables = new OrderedDictionary<string, string>
    {
        ["meta"] = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
        ["node"] =
            "CREATE TABLE node (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, place INTEGER NOT NULL, layer INTEGER, "
            + "relevance REAL NOT NULL, explained REAL)",
        ["edge"] =
            "CREATE TABLE edge (id INTEGER PRIMARY KEY, source TEXT NOT NULL REFERENCES node (name), target TEXT NOT NULL REFERENCES node (name), "
            + "weight REAL NOT NULL, in_circuit INTEGER NOT NULL, norm REAL, enters_at_lambda REAL, stability REAL)",
        ["edge_weight"] =
            "CREATE TABLE edge_weight (edge INTEGER NOT NULL REFERENCES edge (id), lambda REAL NOT NULL, weight REAL NOT NULL, stability REAL)",
        ["label"] = "CREATE TABLE label (node TEXT PRIMARY KEY REFERENCES node (name), text TEXT NOT NULL)",
        ["example"] = "CREATE TABLE example (node TEXT NOT NULL REFERENCES node (name), text TEXT NOT NULL, value REAL NOT NULL)",
        ["metric"] = "CREATE TABLE metric (name TEXT PRIMARY KEY, value REAL NOT NULL)",
        ["provenance"] = "CREATE TABLE provenance (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    };

    /// <summary>The statements that create the tables which a file has only where they hold something.</summary>
    internal static readonly IReadOnlyDictionary<string, string> OptionalTables = new OrderedDictionary<string, string>
    {
        ["edge_coefficient"] =
            "CREATE TABLE edge_coefficient (edge INTEGER NOT NULL REFERENCES edge (id), coordinate INTEGER NOT NULL, output INTEGER NOT NULL, value REAL NOT NULL)",
        ["edge_effect"] = "CREATE TABLE edge_effect (edge INTEGER PRIMARY KEY REFERENCES edge (id), effect REAL NOT NULL, rows INTEGER NOT NULL)",
        ["example_token"] = "CREATE TABLE example_token (example INTEGER NOT NULL, position INTEGER NOT NULL, token TEXT NOT NULL, value REAL NOT NULL)",
        ["feature_profile"] =
            "CREATE TABLE feature_profile (node TEXT PRIMARY KEY REFERENCES node (name), rows INTEGER NOT NULL, active_rows INTEGER NOT NULL, mean REAL NOT NULL, maximum REAL NOT NULL)",
        ["feature_histogram"] =
            "CREATE TABLE feature_histogram (node TEXT NOT NULL REFERENCES feature_profile (node), lower REAL NOT NULL, upper REAL NOT NULL, count INTEGER NOT NULL)",
        ["feature_token"] =
            "CREATE TABLE feature_token (node TEXT NOT NULL REFERENCES feature_profile (node), token TEXT NOT NULL, effect REAL NOT NULL, promoted INTEGER NOT NULL)",
        ["readout_output"] = "CREATE TABLE readout_output (output INTEGER PRIMARY KEY, intercept REAL NOT NULL)",
        ["readout_class"] = "CREATE TABLE readout_class (class INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        ["readout"] =
            "CREATE TABLE readout (site TEXT NOT NULL, part TEXT NOT NULL, coordinate INTEGER NOT NULL, output INTEGER NOT NULL REFERENCES readout_output (output), coefficient REAL NOT NULL)",
        ["readout_position"] =
            "CREATE TABLE readout_position (site TEXT NOT NULL, part TEXT NOT NULL, coordinate INTEGER NOT NULL, output INTEGER NOT NULL REFERENCES readout_output (output), coefficient REAL NOT NULL, "
            + "position INTEGER NOT NULL)",
    };

    private static readonly (CircuitNodeKind Kind, string Word)[] _kinds =
    [
        (CircuitNodeKind.Input, "input"),
        (CircuitNodeKind.AttentionHead, "attention_head"),
        (CircuitNodeKind.Mlp, "mlp"),
        (CircuitNodeKind.Logits, "logits"),
        (CircuitNodeKind.Feature, "feature"),
        (CircuitNodeKind.Error, "error"),
        (CircuitNodeKind.Target, "target"),
        (CircuitNodeKind.Block, "block"),
    ];

    /// <summary>The word for a kind of node, in files and exports.</summary>
    internal static string Word(CircuitNodeKind kind) => Array.Find(_kinds, pair => pair.Kind == kind).Word;

    /// <summary>The kind that a word stands for, or null.</summary>
    internal static CircuitNodeKind? Kind(string word)
    {
        int index = Array.FindIndex(_kinds, pair => pair.Word == word);
        return index < 0 ? null : _kinds[index].Kind;
    }
}
