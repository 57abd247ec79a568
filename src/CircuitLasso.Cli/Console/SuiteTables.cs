using System.Globalization;
using CircuitLasso.InterpBench;

namespace CircuitLasso.Cli;

/// <summary>The suite's result as tables for the terminal.</summary>
/// <param name="rows">The rows.</param>
/// <param name="options">What was run.</param>
internal sealed class SuiteTables(IReadOnlyList<SuiteRow> rows, SuiteOptions options)
{
    /// <summary>Writes them.</summary>
    internal void Write(TextWriter output, CommandConsole console)
    {
        IReadOnlyList<SuiteRow> synthetic = SuiteSummary.Synthetic(rows);
        IReadOnlyList<SuiteRow> indirectObject = SuiteSummary.IndirectObject(rows);
        Models().Write(output, console);
        output.WriteLine();
        Distances().Write(output, console);
        output.WriteLine();
        foreach ((string title, IReadOnlyList<SuiteRow> part) in ((string, IReadOnlyList<SuiteRow>)[])
            [
                ("Means over {0} (ioi apart)", synthetic),
                ("Means over the {0} on which rules were chosen", SuiteSummary.ChosenOn(rows)),
                ("Means over the {0} on which nothing was chosen", SuiteSummary.HeldOut(rows)),
                ("Indirect object identification", indirectObject),
            ])
        {
            if (part.Count > 0)
            {
                int cases = part.Select(row => row.Case).Distinct().Count();
                Means(string.Format(CultureInfo.InvariantCulture, title, cases == 1 ? "1 case" : $"{cases} cases"), part).Write(output, console);
                output.WriteLine();
            }
        }

        foreach ((string title, IReadOnlyList<SuiteRow> part) in ((string, IReadOnlyList<SuiteRow>)[])[("Time and memory of a case, mean", synthetic), ("Time and memory of ioi", indirectObject)])
        {
            if (part.Count > 0)
            {
                Times(title, part).Write(output, console);
                output.WriteLine();
            }
        }

        if (synthetic.Select(row => row.Case).Distinct().Count() > 1 && Best(synthetic) is { } best)
        {
            Differences(synthetic, best).Write(output, console);
            output.WriteLine();
        }

        output.WriteLine(
            "SHD: wrong plus missing edges at the method's default rule; 0 is perfect.\n"
            + "  upstream: against InterpBench's own list of true edges.   visible: without true edges that resampled inputs cannot reveal.\n"
            + $"  exact: against the edges whose patching raises this model's loss by at least {options.ExactShare.ToString(CultureInfo.InvariantCulture)} of the largest rise.\n"
            + "  best: at the best threshold of each case.   one rule: at the best share of the largest score, one for all cases. Both know the truth.\n"
            + "AUROC: how often a true edge scores above another one; 0.5 knows nothing.   precision: average precision.   edges: in the circuit.\n"
            + "Floors: empty (no edge), full (every edge), random (as many edges as are true).");
    }

    private static string Percent(double? share) => share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:F1}%") : "-";

    private static string Interval(SuiteDifference? difference, string format) => difference is null
        ? "-"
        : $"{difference.Interval.Mean.ToString(format, CultureInfo.InvariantCulture)} ({difference.Interval.Low.ToString(format, CultureInfo.InvariantCulture)} to {difference.Interval.High.ToString(format, CultureInfo.InvariantCulture)})";

    // The method of smallest mean distance, the first of equals.
    private static string? Best(IReadOnlyList<SuiteRow> part) => SuiteSummary.Means(part).Where(mean => mean.OneRuleDistance is not null).MinBy(mean => mean.Values["shd"])?.Method;

    private static TerminalTable Means(string title, IReadOnlyList<SuiteRow> part)
    {
        TerminalTable table = new(
            title,
            ("method", false), ("SHD", true), ("upstream", true), ("visible", true), ("exact", true), ("best", true), ("one rule", true), ("AUROC", true), ("visible", true),
            ("precision", true), ("F1", true), ("edges", true));
        foreach (SuiteMean mean in SuiteSummary.Means(part))
        {
            double? Value(string name) => mean.Values[name];
            string rule = mean.OneRuleDistance is null ? "-" : $"{TerminalTable.Cell(mean.OneRuleDistance, "F2")} at {TerminalTable.Cell(mean.OneRuleShare, ".000")}";
            table.Add(
                mean.Method, TerminalTable.Cell(Value("shd"), "F2"), TerminalTable.Cell(Value("shd_upstream"), "F2"), TerminalTable.Cell(Value("shd_visible"), "F2"), TerminalTable.Cell(Value("shd_exact"), "F2"),
                TerminalTable.Cell(Value("shd_best"), "F2"), rule, TerminalTable.Cell(Value("auroc"), "0.000"), TerminalTable.Cell(Value("auroc_visible"), "0.000"), TerminalTable.Cell(Value("average_precision"), "0.000"),
                TerminalTable.Cell(Value("f1"), "0.000"), TerminalTable.Cell(Value("predicted"), "F1"));
        }

        return table;
    }

    private static TerminalTable Times(string title, IReadOnlyList<SuiteRow> part)
    {
        string[] kinds = ["collection", "gradients", "regression", "patching"];
        TerminalTable table = new(title, [("method", false), ("seconds", true), .. kinds.Select(kind => (kind, true)), ("peak MiB", true)]);
        foreach (IGrouping<string, SuiteRow> method in part.Where(row => !row.IsFloor).GroupBy(row => row.Method))
        {
            table.Add([
                method.Key, TerminalTable.Cell(method.Average(row => row.Seconds), "0.000"),
                .. kinds.Select(kind => method.Any(row => row.SecondsByKind.ContainsKey(kind)) ? TerminalTable.Cell(method.Average(row => row.SecondsByKind.GetValueOrDefault(kind)), "0.000") : "-"),
                TerminalTable.Cell(method.Average(row => row.PeakBytes) / (1 << 20), "F1")]);
        }

        return table;
    }

    private static TerminalTable Differences(IReadOnlyList<SuiteRow> part, string best)
    {
        TerminalTable table = new(
            $"Differences to {best}, mean over cases and 95% interval (cases drawn with replacement, paired)",
            ("method", false), ("SHD", true), ("AUROC", true), ("avg. precision", true), ($"SHD, {best} at its one rule", true));
        IReadOnlyList<SuiteDifference> differences = SuiteSummary.Differences(part);
        foreach (string method in differences.Where(difference => difference.Other == best).Select(difference => difference.Method).Distinct())
        {
            SuiteDifference? To(string number) => differences.FirstOrDefault(difference => difference.Method == method && difference.Other == best && difference.Number == number);
            table.Add(
                method, Interval(To("shd"), "+0.00;-0.00;0.00"), Interval(To("auroc"), "+.000;-.000;.000"), Interval(To("average_precision"), "+.000;-.000;.000"),
                Interval(To("shd_to_one_rule"), "+0.00;-0.00;0.00"));
        }

        return table;
    }

    private TerminalTable Models()
    {
        TerminalTable table = new(
            "Models",
            ("case", false), ("candidate edges", true), ("true edges", true), ("of them visible", true), ("by upstream", true), ("exact (seed 0)", true), ("right outputs", true),
            ("with all outside nodes swapped", true));
        foreach (SuiteRow row in rows.DistinctBy(row => row.Case))
        {
            // The empty floor's distances are the numbers of true edges.
            table.Add(
                row.Case, TerminalTable.Cell(row.Figures.Candidates, "F0"), TerminalTable.Cell(row.Figures.Truth, "F0"), TerminalTable.Cell(row.VisibleFigures.Truth, "F0"), TerminalTable.Cell(row.UpstreamDistance, "F0"),
                TerminalTable.Cell(row.ExactTruth, "F0"), Percent(row.Accuracy), Percent(row.AccuracyWithOutsideSwapped));
        }

        return table;
    }

    private TerminalTable Distances()
    {
        string[] cases = [.. rows.Select(row => row.Case).Distinct()];
        TerminalTable table = new("SHD per case, mean over seeds", [("method", false), .. cases.Select(name => (name, true))]);
        foreach (IGrouping<string, SuiteRow> method in rows.GroupBy(row => row.Method))
        {
            table.Add([method.Key, .. cases.Select(name => TerminalTable.Cell(method.Where(row => row.Case == name).Average(row => row.Figures.HammingDistance), "0.#"))]);
        }

        return table;
    }
}
