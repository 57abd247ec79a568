using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>discover --method sfc</c>.</summary>
internal sealed class SparseFeatureDiscovery
{
    /// <summary>The method's name.</summary>
    internal const string Name = "sfc";

    private static readonly SparseFeatureCircuitOptions _defaults = new();

    private readonly FeatureCircuitArguments _features = new();

    private readonly Option<double> _nodeThreshold = new("--node-threshold")
    {
        Description = "sfc: keep nodes whose absolute effect is larger, in units of the behaviour (a logit difference, or log-odds).",
        HelpName = "X",
        DefaultValueFactory = _ => _defaults.NodeThreshold,
    };

    private readonly Option<double> _edgeThreshold = new("--edge-threshold")
    {
        Description = "sfc: keep edges whose absolute weight is larger, in units of the behaviour.",
        HelpName = "X",
        DefaultValueFactory = _ => _defaults.EdgeThreshold,
    };

    private readonly Option<bool> _positions = new("--positions") { Description = "sfc: each position is a node of its own; otherwise effects are summed over positions." };

    private readonly Option<string?> _readout = new("--readout")
    {
        Description = "sfc: find what the readout in this circuit file, which learn wrote for a label, runs through on labelled texts (--text), in the place of answers (--task).",
        HelpName = "FILE.circuit",
    };

    private readonly Option<string?> _ablation = new Option<string?>("--ablation")
    {
        Description = "sfc: what a node gives way to: what it is on the corrupt text of the pair, its mean over all corrupt (or labelled) texts at the position, or zero [default: corrupt; zero for labelled texts].",
        HelpName = "HOW",
    }.AcceptOnlyFromAmong("corrupt", "mean", "zero");

    /// <summary>One line for people.</summary>
    internal static string Description => "Sparse feature circuits (Marks et al. 2024): features of autoencoders (--sae) by integrated gradients, edges by gradients.";

    internal void AddTo(Command command)
    {
        _features.AddTo(command);
        command.Add(_nodeThreshold);
        command.Add(_edgeThreshold);
        command.Add(_positions);
        command.Add(_readout);
        command.Add(_ablation);
    }

    /// <summary>Refuses labelled texts where components are looked for.</summary>
    internal void RequireNone(ParseResult options, TaskArguments task)
    {
        _features.RequireOneTask(options, task);
        if (options.GetResult(_readout) is { Implicit: false } || options.GetResult(_ablation) is { Implicit: false } || _features.HasTexts(options))
        {
            throw new InputException("--method", "does not name sfc, and labelled texts, readouts and --ablation are for it", "choose --method sfc, or leave them out");
        }
    }

    /// <summary>Finds the circuit, writes it and prints what it is.</summary>
    /// <param name="options">The options.</param>
    /// <param name="context">Where to print.</param>
    /// <param name="task">The pairs.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="outFile">The circuit's file.</param>
    /// <param name="steps">Steps of integrated gradients; null for the default.</param>
    internal int Run(ParseResult options, CommandContext context, TaskArguments task, string folder, string outFile, int? steps)
    {
        if (!_features.Any(options))
        {
            throw new InputException("--sae", "is missing: sfc works on features of autoencoders", "give at least one");
        }

        _features.RequireOneTask(options, task);
        OutputFile.Require(outFile, _features.File(options, task));
        string? readoutFile = options.GetValue(_readout);
        if (readoutFile is not null && task.IsGiven(options))
        {
            throw new InputException("--readout", "stands beside --task", "give pairs, or a readout with labelled texts (--text)");
        }

        SparseFeatureCircuitOptions how = new()
        {
            Steps = steps ?? _defaults.Steps,
            NodeThreshold = options.GetValue(_nodeThreshold),
            EdgeThreshold = options.GetValue(_edgeThreshold),
            KeepPositions = options.GetValue(_positions),
        };
        using DisposableList owned = new();
        TransformerModel model = owned.Add(ModelCheckpoint.Load(folder));
        AutoencoderSites sites = _features.Sites(options, model, owned, context);
        FeatureTask read = _features.Read(options, task, folder, sites, readoutFile is null ? null : (CircuitFile.Read(readoutFile), readoutFile), context);
        BehaviourTask used = read.Behaviour;
        FeatureReplacement ablation = Enum.Parse<FeatureReplacement>(
            options.GetValue(_ablation) ?? (used.Readout is null ? nameof(FeatureReplacement.Corrupt) : nameof(FeatureReplacement.Zero)), ignoreCase: true);
        FeatureEvaluation.RequireCorrupt(used, ablation);
        sites = read.Sites;
        SparseFeatureCircuit found;
        using (ProgressReport progress = context.StartProgress())
        {
            found = SparseFeatureCircuits.Discover(new FeaturePatcher(sites, used, ablation, task.MemoryBytes(options)), how, progress, context.Cancellation);
        }

        string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
        SortedDictionary<string, string> provenance = new(StringComparer.Ordinal)
        {
            ["ablation"] = ablation.ToString().ToLowerInvariant(),
            ["edge_threshold"] = Text(how.EdgeThreshold),
            ["method"] = Name,
            ["metric"] = used.Metric,
            ["model"] = "sha256:" + ModelFingerprint.Sha256(folder),
            ["node_threshold"] = Text(how.NodeThreshold),
            ["pairs"] = Text(used.Pairs),
            ["positions"] = how.KeepPositions ? "kept" : "summed",
            ["steps"] = Text(how.Steps),
            ["task"] = "sha256:" + read.Sha256,
            ["task_file"] = used.Name,
        };
        if (read.ReadoutText is { } fitted)
        {
            provenance["readout_text_sha256"] = fitted;
        }

        Circuit circuit = found.Circuit.With(provenance: provenance);
        CircuitFile.Write(circuit, outFile);
        if (!circuit.Edges.Any(edge => edge.InCircuit))
        {
            context.Message("sfc: no kept edge lies on a path to the behaviour, so the circuit is empty; smaller thresholds keep more");
        }

        context.Print(
            output =>
            {
                TerminalTable table = new(
                    string.Create(CultureInfo.InvariantCulture, $"{used.Name}, {read.Count}, {sites.Count} sites; behaviour {found.Effects.CleanScore:0.000}, {found.Effects.ReplacedScore:0.000} replaced"),
                    ("nodes with an effect", true), ("nodes kept", true), ("in the circuit", true), ("edges", true), ("seconds for nodes", true), ("for edges", true), ("backward passes for edges", true));
                table.Add(
                    TerminalTable.Cell(circuit.Nodes.Count - 1, "0"), TerminalTable.Cell(found.KeptNodes, "0"), TerminalTable.Cell(circuit.NodesInCircuit().Count - 1, "0"),
                    TerminalTable.Cell(circuit.Edges.Count(edge => edge.InCircuit), "0"), TerminalTable.Cell(found.NodeSeconds, "0.00"), TerminalTable.Cell(found.EdgeSeconds, "0.00"),
                    TerminalTable.Cell(found.BackwardPasses, "0"));
                table.Write(output, context.Console);
                output.WriteLine($"written to {outFile}");
            },
            (Utf8JsonWriter json) =>
            {
                json.WriteString("task", used.Name);
                json.WriteNumber("pairs", used.Pairs);
                json.WriteString("method", Name);
                json.WriteString("file", outFile);
                json.WriteNumber("behaviour", found.Effects.CleanScore);
                json.WriteNumber("behaviour_replaced", found.Effects.ReplacedScore);
                json.WriteNumber("nodes", circuit.Nodes.Count - 1);
                json.WriteNumber("nodes_kept", found.KeptNodes);
                json.WriteNumber("circuit_nodes", circuit.NodesInCircuit().Count - 1);
                json.WriteNumber("circuit_edges", circuit.Edges.Count(edge => edge.InCircuit));
                json.WriteNumber("node_seconds", found.NodeSeconds);
                json.WriteNumber("edge_seconds", found.EdgeSeconds);
                json.WriteNumber("backward_passes", found.BackwardPasses);
            });
        return ExitCode.Done;
    }
}
