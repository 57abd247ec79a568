using System.CommandLine;
using System.Diagnostics;

namespace CircuitLasso.Cli;

/// <summary><c>demo</c>.</summary>
internal sealed class DemoCommand : ToolCommand
{
    private readonly Option<string> _out = new("--out")
    {
        Description = "The folder to write to.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "circuitlasso-demo",
    };

    internal DemoCommand()
        : base(
            "demo",
            "The main job, end to end, on the embedded model: learn the circuit by which it agrees its verbs, test one by intervention, and write both with a report to open in a browser.")
    {
        Add(_out);
    }

    internal override bool Resumes => true;

    internal override int Run(ParseResult options, CommandContext context)
    {
        string folder = options.GetRequiredValue(_out);
        Stopwatch clock = Stopwatch.StartNew();
        IReadOnlyList<DemonstrationRun> runs;
        using (ProgressReport progress = context.StartProgress())
        {
            runs = GrammarDemonstration.Run(folder, progress, context.Message, context.Cancellation);
        }

        DemonstrationRun trained = runs[0];
        string report = Path.GetFullPath(Path.Combine(folder, "report.html"));
        string circuit = Path.Combine(folder, "agreement.circuit");
        string tested = Path.Combine(folder, "twins.circuit");
        context.Print(
            output =>
            {
                output.WriteLine();
                LearningSummary.WriteText(output, trained.Learning, circuit);
                output.WriteLine();
                InterventionSummary.WriteText(output, trained.Intervention!, tested);
                output.WriteLine();
                output.WriteLine(FormattableString.Invariant($"report: {report} (open it in a browser); {clock.Elapsed.TotalSeconds:F0} s"));
            },
            json =>
            {
                LearningSummary.WriteJson(json, trained.Learning, circuit);
                json.WriteString("report", report);
                json.WriteNumber("accuracy", trained.Accuracy);
                json.WriteNumber("accuracy_shuffled_weights", runs[1].Accuracy);
                InterventionSummary.WriteJson(json, trained.Intervention!, tested);
                json.WriteStartObject("seconds");
                json.WriteNumber("total", clock.Elapsed.TotalSeconds);
                json.WriteEndObject();
            });
        return runs.Any(run => run.Learning.MissedTargets > 0) ? ExitCode.CheckFailed : ExitCode.Done;
    }
}
