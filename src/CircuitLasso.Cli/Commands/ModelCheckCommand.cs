using System.CommandLine;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>model check DIR --reference FILE.npz</c>.</summary>
internal sealed class ModelCheckCommand : ToolCommand
{
    private readonly Argument<string> _folder = ModelArguments.Folder();
    private readonly Option<string> _reference = new("--reference")
    {
        Description = "An .npz file with token ids ('ids' or '0.ids', '1.ids', ...) and tensors named by site ('resid_post.3', '0.logits', ...).",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<double> _tolerance = new("--tolerance")
    {
        Description = "The largest absolute difference allowed.",
        HelpName = "X",
        DefaultValueFactory = _ => 1e-4,
    };

    public ModelCheckCommand()
        : base("check", "Compare a model's tensors with reference tensors; exit code 3 when one differs by more than the tolerance.")
    {
        Add(_folder);
        Add(_reference);
        Add(_tolerance);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        double tolerance = options.GetValue(_tolerance);
        if (!(tolerance >= 0))
        {
            throw new InputException("--tolerance", $"{tolerance.ToString(CultureInfo.InvariantCulture)} is not a number of at least 0", "give 1e-4, for instance");
        }

        string reference = options.GetRequiredValue(_reference);
        using TransformerModel model = ModelCheckpoint.Load(HubArguments.ModelFolder(options.GetRequiredValue(_folder), context));
        (IReadOnlyList<TensorDifference> differences, IReadOnlyList<string> ignored) = ReferenceCheck.Run(model, reference);
        if (ignored.Count > 0)
        {
            context.Message($"not compared: {string.Join(", ", ignored)}");
        }

        bool passed = differences.All(difference => difference.MaxAbsDiff <= tolerance);
        context.Print(
            output =>
            {
                foreach (TensorDifference difference in differences)
                {
                    string mark = difference.MaxAbsDiff <= tolerance ? "ok    " : "DIFFER";
                    output.WriteLine(FormattableString.Invariant($"{mark}  {difference.MaxAbsDiff,8:0.00E+0}  {difference.Name}"));
                }

                output.WriteLine(FormattableString.Invariant($"{differences.Count} tensors, largest difference {differences.Max(d => d.MaxAbsDiff):0.00E+0}, tolerance {tolerance:0.##E+0}: {(passed ? "passed" : "FAILED")}"));
            },
            json =>
            {
                json.WriteStartArray("tensors");
                foreach (TensorDifference difference in differences)
                {
                    json.WriteStartObject();
                    json.WriteString("name", difference.Name);
                    if (double.IsFinite(difference.MaxAbsDiff))
                    {
                        json.WriteNumber("max_abs_diff", difference.MaxAbsDiff);
                    }
                    else
                    {
                        json.WriteNull("max_abs_diff");
                    }

                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteNumber("tolerance", tolerance);
                json.WriteBoolean("passed", passed);
            });
        return passed ? ExitCode.Done : ExitCode.CheckFailed;
    }
}
