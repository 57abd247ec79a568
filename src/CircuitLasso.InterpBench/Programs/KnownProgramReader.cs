using System.Collections.Frozen;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>Reads one program with everything around it; what the file leaves out is derived or has a default.</summary>
internal sealed class KnownProgramReader
{
    private const int MaximumWords = 4_096;
    private const int MaximumLength = 1_024;

    // The second group describes the program for a reader, or follows from the rest: accepted and not used.
    private static readonly HashSet<string> _known =
    [
        "id", "name", "task", "input_vocab", "compact_vocab", "token_ids", "max_seq_len_with_bos", "tokens_per_sequence", "sequence_length", "n_ctx", "attention", "output",
        "classes", "null_output_possible", "low_level_config", "training", "program", "layout", "hl_nodes", "truth_edges", "truth_edges_detail",
        "truth_edges_dataflow", "strict_nodes", "positions", "templates", "names", "places", "objects",
        "token_ids_note", "bos", "pad", "min_seq_len_with_bos", "class_note", "output_distribution", "loss", "sampling", "causal_mask_changes_output",
        "truth_nodes", "edges_dropped_by_predecessor_rule", "universe", "hl_effect_of_resampling_component", "checks", "flagged_trivial_upstream",
        "truth_is_only_embed_m0_out", "name_upstream", "circuit_components", "warning", "compact_vocab_size", "token_note", "template_note", "n_names",
        "truth_note", "hl_effect_of_swapping_component",
    ];

    private readonly ProgramJson _json;

    private KnownProgramReader(string subject) => _json = new ProgramJson(subject);

    public static KnownProgram Read(string subject, ReadOnlyMemory<byte> utf8)
    {
        KnownProgramReader reader = new(subject);
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            return reader.Read(document.RootElement, utf8.ToArray());
        }
        catch (JsonException exception)
        {
            throw new InputException(subject, "is not JSON: " + exception.Message.TrimEnd('.'), "give a program file", exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // What JsonElement throws for a string of bytes that are not UTF-8, or for half of a surrogate pair.
            throw new InputException(subject, "a string is not valid text", "save the file as UTF-8", exception);
        }
    }

    private KnownProgram Read(JsonElement root, byte[] json)
    {
        _json.RequireMembers(root, "the program", _known);
        WordList words = WordList.Read(_json, root, MaximumWords);
        int length = SequenceLength(root, words);
        bool isCausal = _json.OptionalText(root, "attention") switch
        {
            null or "causal" => true,
            "bidirectional" => false,
            _ => throw _json.Error("'attention' is neither 'causal' nor 'bidirectional'"),
        };
        SentenceTemplates? sentences = ProgramJson.Optional(root, "templates") is null ? null : new SentenceReader(_json, words).Read(root, length);
        int first = sentences is null ? 1 : 0;
        ProgramSurroundings surroundings = new()
        {
            Vocabulary = sentences is null ? words.Words : words.WithBeginning,
            Positions = length - first,
            IsCausal = isCausal,
            Names = ProgramJson.Optional(root, "names") is { } names ? _json.Values(names, "'names'", MaximumWords) : null,
        };
        JsonElement program = _json.Member(root, "program");
        _json.RequireMembers(program, "'program'", new HashSet<string> { "nodes", "output", "evaluation" });
        IReadOnlyList<ProgramNode> nodes = new ProgramNodeReader(_json).Read(_json.Member(program, "nodes"));
        CheckedProgram checkedProgram = ProgramChecker.Check(_json, surroundings, nodes, _json.Text(_json.Member(program, "output"), "'output' of the program"));
        ProgramVariable output = checkedProgram.Output;
        bool isRegression = IsRegression(root, output);
        ProgramValue[] classes = isRegression ? [] : Classes(root, output);
        bool hasNull = ProgramJson.Optional(root, "null_output_possible") is null ? output.CanBeNull : _json.Flag(root, "null_output_possible", absent: false);
        if (isRegression && hasNull)
        {
            throw _json.NodeError(output.Id, "may be null, which a regression cannot put out; give it a default");
        }

        KnownLayout layout = new LayoutReader(_json, checkedProgram).Read(root, new LowLevelReader(_json, words.Size, length));
        string id = _json.OptionalText(root, "id") ?? Path.GetFileNameWithoutExtension(_json.Subject);
        ProgramRuntime runtime = new()
        {
            Subject = _json.Subject,
            Checked = checkedProgram,
            FirstPosition = first,
            CodeOfToken = CodesOfTokens(words, surroundings.Vocabulary),
            ClassOfCode = [.. output.Values.Select(value => Array.IndexOf(classes, value))],
            VariablesOfComponent = layout.Components.ToFrozenDictionary(component => component.Component, component => Variables(checkedProgram, component)),
            Sentences = sentences,
        };
        return new KnownProgram(runtime)
        {
            Id = id,
            Json = json,
            Name = _json.OptionalText(root, "name") ?? id,
            Task = _json.OptionalText(root, "task") ?? string.Empty,
            InputVocabulary = words.Words,
            TokenIds = words.Ids,
            BeginningToken = words.Beginning,
            VocabularySize = words.Size,
            SequenceLength = length,
            IsCausal = isCausal,
            IsRegression = isRegression,
            Classes = classes,
            HasNullClass = hasNull,
            ScoredPositions = sentences is null ? [.. Enumerable.Range(1, length - 1)] : [length - 1],
            Variables = [.. checkedProgram.Steps.Select(step => step.Output)],
            Shape = layout.Shape,
            Training = TrainingReader.Read(_json, root),
            Layout = layout.Components,
            InterchangeNodes = layout.InterchangeNodes,
            OutsideNodes = layout.OutsideNodes,
            Graph = layout.Graph,
            Truth = layout.Truth,
            UpstreamTruth = layout.UpstreamTruth,
        };
    }

    private int SequenceLength(JsonElement root, WordList words)
    {
        int context = _json.Integer(root, "n_ctx", 2, MaximumLength, MaximumLength);
        int longest = _json.Integer(root, "max_seq_len_with_bos", 2, MaximumLength, 0);
        int tokens = _json.Integer(root, "tokens_per_sequence", 1, MaximumLength - 1, 0);
        int length = _json.Integer(root, "sequence_length", 2, MaximumLength, 0);
        length = length > 0 ? length : tokens > 0 ? tokens + 1 : longest;
        if (length == 0)
        {
            length = ProgramJson.Optional(root, "n_ctx") is null ? throw _json.Error("'tokens_per_sequence' is missing: the length of a full sequence") : context;
        }

        return length <= context && (longest == 0 || length <= longest)
            ? length
            : throw _json.Error($"a full sequence has {length} tokens, the beginning counted, more than 'n_ctx' or 'max_seq_len_with_bos' allows");
    }

    private bool IsRegression(JsonElement root, ProgramVariable output)
    {
        string? stated = _json.OptionalText(root, "output");
        bool isRegression = stated switch
        {
            null => output.IsNumerical,
            "regression" => true,
            _ when stated == "classification" || stated.StartsWith("classification ", StringComparison.Ordinal) => false,
            _ => throw _json.Error("'output' is neither 'classification' nor 'regression'"),
        };
        return isRegression == output.IsNumerical
            ? isRegression
            : throw _json.NodeError(output.Id, output.IsNumerical ? "is numerical, but the output is a classification" : "is categorical, but the output is a regression");
    }

    private ProgramValue[] Classes(JsonElement root, ProgramVariable output)
    {
        ProgramValue[] classes = ProgramJson.Optional(root, "classes") is { } stated ? _json.Values(stated, "'classes'", MaximumWords) : [.. output.Values];
        return output.Values.Except(classes).FirstOrDefault() is { } missing
            ? throw _json.NodeError(output.Id, $"can have the value {ProgramJson.Short(missing)}, which 'classes' lack")
            : classes.Length > 0 ? classes : throw _json.NodeError(output.Id, "has no value but null");
    }

    private static int[] CodesOfTokens(WordList words, IReadOnlyList<ProgramValue> vocabulary)
    {
        int[] codes = new int[words.Size];
        Array.Fill(codes, -1);
        for (int i = 0; i < vocabulary.Count; i++)
        {
            codes[words.Ids[vocabulary[i].Text]] = i;
        }

        return codes;
    }

    private static ProgramVariable[] Variables(CheckedProgram program, LayoutComponent component) =>
        [.. program.Variables.Values.Where(variable => component.Writes.Contains(variable.Id) || component.Writes.Contains(LayoutCompiler.Reciprocal(variable.Id)))];
}
