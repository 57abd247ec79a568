using System.CommandLine;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>discover</c>.</summary>
internal sealed class DiscoverCommand : ToolCommand
{
    private static readonly DiscoveryOptions _defaults = new();
    private readonly Option<string> _model = ModelArguments.Model();
    private readonly TaskArguments _task = new();
    private readonly SparseFeatureDiscovery _sparseFeatures = new();
    private readonly Func<string, IDiscoveryMethod> _named;

    private readonly Option<string> _methods = new("--method")
    {
        Description = "One method, or several separated by commas:\n" + string.Join("\n", DiscoveryMethods.All.Select(method => $"{method.Name}: {method.Description}"))
            + $"\nor by itself\n{SparseFeatureDiscovery.Name}: {SparseFeatureDiscovery.Description}",
        HelpName = "NAMES",
        Required = true,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The circuit file. With several methods there is one file for each, with the method's name before the extension.",
        HelpName = "FILE.circuit",
        Required = true,
    };

    private readonly Option<int> _steps = new Option<int>("--steps")
    {
        Description = "Steps of integrated gradients (eap-ig, eap-ig-activations, sfc; for sfc 10 unless given).",
        HelpName = "M",
        DefaultValueFactory = _ => _defaults.Steps,
    }.AtLeast(1);

    private readonly Option<double> _tau = new("--tau")
    {
        Description = "acdc's threshold: an edge goes where its removal raises the loss by less.",
        HelpName = "X",
        DefaultValueFactory = _ => _defaults.AcdcThreshold,
    };

    private readonly Option<double?> _threshold = new("--threshold")
    {
        Description = "Choose the edges whose absolute score is at least this share of the largest, and prune [default: each method's own rule].",
        HelpName = "SHARE",
    };

    private readonly Option<int?> _top = new Option<int?>("--top")
    {
        Description = "Choose the N edges of largest absolute score, and prune, instead.",
        HelpName = "N",
    }.AtLeast(1);

    private readonly Option<int> _seed = new Option<int>("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => (int)_defaults.Seed }.AtLeast(0);

    internal DiscoverCommand()
        : this(DiscoveryMethods.Named)
    {
    }

    /// <summary>Creates the command with methods of the caller's own.</summary>
    internal DiscoverCommand(Func<string, IDiscoveryMethod> named)
        : base(
            "discover",
            "Find which of a model's components a task runs through, by one method or by several on the same pairs.\n\n"
            + "Every edge between the embedding, attention heads, MLPs and logits gets a score; the circuit is what the method's rule makes of the scores. "
            + "Exit code 3 when a regression missed its tolerance.")
    {
        _named = named;
        Add(_model);
        _task.AddTo(this);
        Add(_methods);
        Add(_out);
        Add(_steps);
        Add(_tau);
        Add(_threshold);
        Add(_top);
        Add(_seed);
        _sparseFeatures.AddTo(this);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string[] names = options.GetRequiredValue(_methods).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Contains(SparseFeatureDiscovery.Name, StringComparer.Ordinal))
        {
            return names.Distinct(StringComparer.Ordinal).Count() == 1
                ? _sparseFeatures.Run(
                    options, context, _task, HubArguments.ModelFolder(options.GetRequiredValue(_model), context), options.GetRequiredValue(_out), options.GetResult(_steps) is { Implicit: false } ? options.GetValue(_steps) : null)
                : throw new InputException("--method", "names sfc, which finds circuits of features, beside methods for components", "run sfc by itself");
        }

        _sparseFeatures.RequireNone(options, _task);
        IDiscoveryMethod[] methods = Methods(options.GetRequiredValue(_methods));
        DiscoveryOptions discovery = _defaults with
        {
            MemoryBytes = _task.MemoryBytes(options),
            Steps = options.GetValue(_steps),
            AcdcThreshold = options.GetValue(_tau),
            Seed = (ulong)options.GetValue(_seed),
        };
        double? threshold = options.GetValue(_threshold);
        int? top = options.GetValue(_top);
        if (threshold is not (null or (>= 0 and <= 1)))
        {
            throw new InputException("--threshold", "is not from 0 to 1", "give a share of the largest score, such as 0.2");
        }

        if (threshold is not null && top is not null)
        {
            throw new InputException("--top", "stands beside --threshold", "give one of them");
        }

        if (!(discovery.AcdcThreshold >= 0) || !double.IsFinite(discovery.AcdcThreshold))
        {
            throw new InputException("--tau", "is not a number of at least 0", "give how much the loss may rise, such as 0.025");
        }

        string outFile = options.GetRequiredValue(_out);
        string[] files = [.. methods.Select(method => methods.Length == 1 ? outFile : WithMethod(outFile, method.Name))];
        foreach (string file in files)
        {
            OutputFile.Require(file, _task.File(options));
        }

        string folder = HubArguments.ModelFolder(options.GetRequiredValue(_model), context);
        using TransformerModel model = ModelCheckpoint.Load(folder);
        TaskFile task = _task.Read(options, folder, model, context);
        string fingerprint = ModelFingerprint.Sha256(folder);
        List<DiscoveredCircuit> found = [];
        foreach ((IDiscoveryMethod method, string file) in methods.Zip(files))
        {
            long start = context.Console.Clock.GetTimestamp();
            ComponentDiscovery discovered;
            using (ProgressReport progress = context.StartProgress())
            {
                discovered = method.Discover(model, task.Task, discovery, progress, context.Cancellation);
            }

            double seconds = context.Console.Clock.GetElapsedTime(start).TotalSeconds;
            discovered = Select(discovered, threshold, top);
            Circuit circuit = discovered.ToCircuit().With(
                metrics: discovered.Diagnostics.Where(pair => double.IsFinite(pair.Value)).ToDictionary(),
                provenance: Provenance(method, discovery, threshold, top, task, fingerprint));
            if (!discovered.InCircuit.Contains(true))
            {
                context.Message($"{method.Name}: no chosen edge lies on a path from the embedding to the logits, so the circuit is empty; --top or a smaller --threshold chooses more");
            }

            found.Add(new DiscoveredCircuit(method.Name, file, circuit, seconds, discovered.Seconds));
        }

        foreach (DiscoveredCircuit circuit in found)
        {
            CircuitFile.Write(circuit.Circuit, circuit.File);
        }

        context.Print(output => DiscoverySummary.WriteText(output, context.Console, task, found), json => DiscoverySummary.WriteJson(json, task, found));
        DiscoveredCircuit[] missed = [.. found.Where(circuit => circuit.Missed > 0)];
        if (missed.Length > 0)
        {
            context.Message(
                $"regressions missed their tolerance ({string.Join(", ", missed.Select(circuit => string.Create(CultureInfo.InvariantCulture, $"{circuit.Method}: {circuit.Missed}")))}), "
                + "so what the method says of them is not certified; the circuit is written all the same");
        }

        return missed.Length > 0 ? ExitCode.CheckFailed : ExitCode.Done;
    }

    private static string WithMethod(string file, string method) =>
        Path.Join(Path.GetDirectoryName(file), $"{Path.GetFileNameWithoutExtension(file)}.{method}{Path.GetExtension(file)}");

    private static ComponentDiscovery Select(ComponentDiscovery discovered, double? threshold, int? top)
    {
        bool[]? chosen = threshold is { } share ? EdgeSelection.AtLeastShareOfLargest(discovered.Scores, share)
            : top is { } count ? EdgeSelection.Top(discovered.Scores, count)
            : null;
        return chosen is null ? discovered : discovered with { InCircuit = EdgeSelection.Prune(discovered.Scores.Graph, chosen) };
    }

    private static SortedDictionary<string, string> Provenance(IDiscoveryMethod method, DiscoveryOptions options, double? threshold, int? top, TaskFile task, string fingerprint)
    {
        string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["acdc_tau"] = Text(options.AcdcThreshold),
            ["method"] = method.Name,
            ["metric"] = "logit difference",
            ["model"] = "sha256:" + fingerprint,
            ["pairs"] = Text(task.Task.Count),
            ["seed"] = Text(options.Seed),
            ["selection"] = threshold is { } share ? $"at least {Text(share)} of the largest score, pruned" : top is { } count ? $"the {Text(count)} largest scores, pruned" : "the method's own rule",
            ["steps"] = Text(options.Steps),
            ["task"] = "sha256:" + task.Sha256,
            ["task_file"] = task.Task.Name,
        };
    }

    private IDiscoveryMethod[] Methods(string list)
    {
        string[] names = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length > 0
            ? [.. names.Distinct(StringComparer.Ordinal).Select(_named)]
            : throw new InputException("--method", "names nothing", "choose among " + string.Join(", ", DiscoveryMethods.All.Select(method => method.Name)));
    }
}
