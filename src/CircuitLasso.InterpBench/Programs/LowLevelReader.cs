using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>Reads the shape of the transformer, or derives it from the program as InterpBench does: from the width of the compiled program.</summary>
internal sealed class LowLevelReader(ProgramJson json, int vocabularySize, int length)
{
    private static readonly HashSet<string> _known =
    [
        "n_layers", "n_heads", "d_head", "d_model", "d_mlp", "act", "normalization", "init_std",
        "n_ctx", "d_vocab", "d_vocab_out", "positional", "biases_init", "attention_scale", "source", "note",
    ];

    /// <param name="root">The file.</param>
    /// <param name="layers">Layers that the layout needs.</param>
    /// <param name="heads">Heads that the layout needs in a layer.</param>
    /// <param name="program">The program.</param>
    public LowLevelShape Read(JsonElement root, int layers, int heads, CheckedProgram program)
    {
        int directions = CompiledWidth(program);
        JsonElement empty = default;
        JsonElement stated = ProgramJson.Optional(root, "low_level_config") ?? empty;
        if (stated.ValueKind == JsonValueKind.Undefined)
        {
            return Default(layers, heads, directions);
        }

        json.RequireMembers(stated, "'low_level_config'", _known);
        LowLevelShape usual = Default(json.Integer(stated, "n_layers", 1, 64, layers), json.Integer(stated, "n_heads", 1, 64, heads), directions);
        int width = json.Integer(stated, "d_model", 1, 4_096, usual.Width);
        return usual with
        {
            Width = width,
            HeadWidth = json.Integer(stated, "d_head", 1, 1_024, Math.Max(1, width / usual.Heads)),
            HiddenWidth = json.Integer(stated, "d_mlp", 1, 16_384, 4 * width),
            InitialDeviation = json.Number(stated, "init_std", 1e-6, 100, usual.InitialDeviation),
            Activation = Word(json.OptionalText(stated, "act") ?? usual.Activation) is "gelu" or "gelu_new" or "relu"
                ? Word(json.OptionalText(stated, "act") ?? usual.Activation)
                : throw json.Error("'act' is none of 'gelu', 'gelu_new', 'relu'"),
            HasNorm = json.OptionalText(stated, "normalization") switch
            {
                null or "none" => false,
                { } text when text == "LNPre" || text.EndsWith("(LNPre)", StringComparison.Ordinal) => true,
                _ => throw json.Error("'normalization' is neither 'none' nor 'LNPre'"),
            },
        };
    }

    /// <summary>Directions that the compiled program needs: one per word, position and value, one per number, and a constant one where attention or a table of two inputs needs it.</summary>
    internal int CompiledWidth(CheckedProgram program)
    {
        int width = 0;
        foreach (ProgramNode node in program.Nodes.Where(node => node.Operation != ProgramOperation.Select))
        {
            ProgramVariable variable = program.Variables[node.Id];
            width += node.Operation switch
            {
                ProgramOperation.Tokens or ProgramOperation.Indices => 0,
                _ => (variable.IsNumerical ? 1 : variable.Values.Count) + (node.Operation == ProgramOperation.SelectorWidth ? 1 : 0),
            };
        }

        bool hasConstant = program.Nodes.Any(node => LayoutCompiler.HasHead(node) || node.Operation == ProgramOperation.SequenceMap);
        return width + vocabularySize - 1 + length + (hasConstant ? 1 : 0);
    }

    private static LowLevelShape Default(int layers, int heads, int directions)
    {
        int width = Math.Max(heads, directions / 2);
        return new LowLevelShape
        {
            Layers = layers,
            Heads = heads,
            HeadWidth = Math.Max(1, width / heads),
            Width = width,
            HiddenWidth = 4 * width,
            InitialDeviation = 0.8 / Math.Sqrt(directions),
        };
    }

    // "gelu (exact, erf)" is gelu with an explanation.
    private static string Word(string text) => text.Split(' ')[0];
}
