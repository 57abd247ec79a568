using System.CommandLine;
using System.Text.Json;
using CircuitLasso.InterpBench;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>bench interpbench</c>.</summary>
internal sealed class BenchInterpBenchCommand : ToolCommand
{
    private static readonly SuiteOptions _defaults = new();
    private bool _isKept;

    private readonly Option<string> _set = new("--set")
    {
        Description = "Which embedded models: published (trained as InterpBench trains) or clean (trained so that nothing outside the circuit is used).",
        HelpName = "NAME",
        DefaultValueFactory = _ => "published",
    };

    private readonly Option<string?> _models = new("--models")
    {
        Description = "Instead of a set: a folder in which each model has a folder of its own, with config.json, model.safetensors and program.json.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _cases = new("--cases") { Description = "Cases to run, such as 3,4,21 [default: all].", HelpName = "LIST" };

    private readonly Option<string?> _methods = new("--methods") { Description = "Methods to run, such as eap,eap-ig [default: all].", HelpName = "LIST" };

    private readonly Option<int> _seeds = new Option<int>("--seeds")
    {
        Description = "How often every case runs, each time with other inputs.",
        HelpName = "N",
        DefaultValueFactory = _ => _defaults.Seeds,
    }.AtLeast(1);

    private readonly Option<int> _samples = new Option<int>("--samples")
    {
        Description = "Inputs of a run, and as many others to resample from.",
        HelpName = "N",
        DefaultValueFactory = _ => _defaults.Samples,
    }.AtLeast(1);

    private readonly Option<string?> _out = new("--out")
    {
        Description = "A folder to keep finished runs in: the same command goes on there after an interruption.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _svg = new("--svg") { Description = "A folder to draw figures in: shd.svg, seconds.svg and roc.svg.", HelpName = "DIR" };

    internal BenchInterpBenchCommand()
        : base(
            "interpbench",
            "Run circuit-discovery methods on models whose circuits are known, all on the same inputs, and print how far each is from the truth.\n\n"
            + "Predicting nothing is the floor to compare with: true circuits are small, so an empty one already has a small distance.")
    {
        Add(_set);
        Add(_models);
        Add(_cases);
        Add(_methods);
        Add(_seeds);
        Add(_samples);
        Add(_out);
        Add(_svg);
    }

    internal override bool Resumes => _isKept;

    internal override int Run(ParseResult options, CommandContext context)
    {
        SuiteOptions suite = _defaults with
        {
            Cases = List(options.GetValue(_cases), "--cases"),
            Methods = List(options.GetValue(_methods), "--methods"),
            Seeds = options.GetValue(_seeds),
            Samples = options.GetValue(_samples),
        };
        string? folder = options.GetValue(_models);
        string? kept = options.GetValue(_out);
        _isKept = kept is not null;
        ModelSet models = folder is null ? ModelSet.Embedded(options.GetRequiredValue(_set)) : ModelSet.FromFolder(folder);
        context.Message(FormattableString.Invariant(
            $"{suite.Cases?.Count ?? models.Cases.Count} cases of {models.Name}, {suite.Samples:N0} inputs, seeds {suite.Seeds}; a method holds about {suite.Discovery.MemoryBytes >> 20:N0} MiB at most"));
        IReadOnlyList<SuiteRow> rows;
        using (ProgressReport progress = context.StartProgress())
        {
            rows = InterpBenchSuite.Run(models, suite, kept, progress, context.Cancellation);
        }

        if (options.GetValue(_svg) is { } pictures)
        {
            Draw(rows, models.Name, pictures);
            context.Message($"figures: {Path.GetFullPath(pictures)}");
        }

        context.Print(output => new SuiteTables(rows, suite).Write(output, context.Console), json => WriteJson(json, models, suite, rows));
        return ExitCode.Done;
    }

    private static void Draw(IReadOnlyList<SuiteRow> rows, string set, string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteAllText(Path.Combine(folder, "shd.svg"), SuitePictures.Distances(rows, $"Distance from the known circuit, {set} models"));
        AtomicFile.WriteAllText(Path.Combine(folder, "seconds.svg"), SuitePictures.Seconds(rows, $"Time, {set} models"));
        AtomicFile.WriteAllText(Path.Combine(folder, "roc.svg"), SuitePictures.RocCurves(rows, $"ROC curves, {set} models"));
    }

    private static string[]? List(string? text, string option)
    {
        if (text is null)
        {
            return null;
        }

        string[] items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return items.Length > 0 ? items : throw new InputException(option, "names nothing", "separate names by commas, or leave the option out");
    }

    private static void WriteJson(Utf8JsonWriter json, ModelSet models, SuiteOptions suite, IReadOnlyList<SuiteRow> rows)
    {
        json.WriteString("set", models.Name);
        json.WriteNumber("samples", suite.Samples);
        json.WriteNumber("seeds", suite.Seeds);
        json.WriteNumber("exact_share", suite.ExactShare);
        json.WriteStartArray("rows");
        foreach (SuiteRow row in rows)
        {
            json.WriteStartObject();
            json.WriteString("case", row.Case);
            json.WriteString("program", row.Program);
            json.WriteString("method", row.Method);
            json.WriteNumber("seed", row.Seed);
            WriteNumbers(json, row.Numbers());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        IReadOnlyList<SuiteRow> synthetic = SuiteSummary.Synthetic(rows);
        WriteMeans(json, "means", synthetic);
        WriteMeans(json, "means_chosen_on", SuiteSummary.ChosenOn(rows));
        WriteMeans(json, "means_held_out", SuiteSummary.HeldOut(rows));
        WriteMeans(json, "means_ioi", SuiteSummary.IndirectObject(rows));
        json.WriteStartArray("differences");
        foreach (SuiteDifference difference in SuiteSummary.Differences(synthetic))
        {
            json.WriteStartObject();
            json.WriteString("method", difference.Method);
            json.WriteString("other", difference.Other);
            json.WriteString("number", difference.Number);
            WriteNumbers(json, [("mean", difference.Interval.Mean), ("low", difference.Interval.Low), ("high", difference.Interval.High)]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMeans(Utf8JsonWriter json, string name, IReadOnlyList<SuiteRow> rows)
    {
        json.WriteStartObject(name);
        foreach (SuiteMean mean in SuiteSummary.Means(rows))
        {
            json.WriteStartObject(mean.Method);
            json.WriteNumber("cases", mean.Cases);
            WriteNumbers(json, mean.Values.Select(value => (value.Key, value.Value)));
            WriteNumbers(json, [("shd_one_rule", mean.OneRuleDistance), ("one_rule_share", mean.OneRuleShare)]);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, IEnumerable<(string Name, double? Value)> numbers)
    {
        foreach ((string name, double? value) in numbers)
        {
            if (value is { } number && double.IsFinite(number))
            {
                json.WriteNumber(name, number);
            }
            else
            {
                json.WriteNull(name);
            }
        }
    }
}
