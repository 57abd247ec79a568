namespace CircuitLasso.InterpBench.Tests;

public sealed class SuiteSummaryTests
{
    private static readonly ComponentGraph _graph = new(2, 4, parallelBlocks: false, 8);
    private static readonly CircuitTruth _truth = new(_graph, [("input", "m0"), ("m0", "logits")]);

    [Fact]
    public void Means_weigh_every_case_the_same_whatever_its_number_of_seeds()
    {
        // Distances: 2 on case 3 in one seed, 0 and 1 on case 8 in two.
        SuiteRow[] rows = [Row("3", "a", 0, 0, 0), Row("8", "a", 0, 1, 1), Row("8", "a", 1, 1, 0.2)];
        SuiteMean mean = Assert.Single(SuiteSummary.Means(rows));
        Assert.Equal(("a", 2), (mean.Method, mean.Cases));
        Assert.Equal((2 + 0.5) / 2, mean.Values["shd"]!.Value, 1e-12);
        Assert.Null(mean.Values["peak_bytes"]);
    }

    [Fact]
    public void One_rule_is_the_best_share_of_the_largest_score_for_all_cases()
    {
        // Both true edges of case 3 need a share of .3 or less; a third, wrong edge of case 8 needs more than .2 to be left out.
        SuiteRow[] rows =
        [
            Row("3", "a", 0, 1, 0.3),
            Row("8", "a", 0, 1, 1, ("input", "a0.h0", 0.2), ("a0.h0", "logits", 0.2)),
        ];
        SuiteMean mean = Assert.Single(SuiteSummary.Means(rows));
        Assert.Equal(0, mean.OneRuleDistance);
        Assert.InRange(mean.OneRuleShare!.Value, 0.2, 0.3);
    }

    [Fact]
    public void Differences_are_paired_by_case_and_name_both_methods()
    {
        SuiteRow[] rows = [Row("3", "a", 0, 1, 1), Row("8", "a", 0, 0, 0), Row("3", "b", 0, 0, 0), Row("8", "b", 0, 0, 0), Floor("3"), Floor("8")];
        IReadOnlyList<SuiteDifference> differences = SuiteSummary.Differences(rows);
        SuiteDifference shd = differences.Single(difference => difference is { Method: "a", Other: "b", Number: "shd" });
        Assert.Equal(PairedBootstrap.Of([-2, 0]), shd.Interval);
        Assert.Equal(-1, shd.Interval.Mean);
        Assert.Equal(1, differences.Single(difference => difference is { Method: "b", Other: "a", Number: "shd" }).Interval.Mean);
        Assert.Equal(-1, differences.Single(difference => difference is { Method: "a", Other: "empty", Number: "shd" }).Interval.Mean);
        Assert.Contains(differences, difference => difference is { Method: "b", Other: "a", Number: "shd_to_one_rule" });
        Assert.DoesNotContain(differences, difference => difference.Method == "empty" || difference is { Other: "empty", Number: "shd_to_one_rule" });
    }

    [Fact]
    public void Cases_on_which_rules_were_chosen_stand_apart_and_so_does_indirect_object_identification()
    {
        SuiteRow[] rows = [.. KnownPrograms.All.Select(program => Row(program.Id, "a", 0, 1, 1))];
        Assert.Equal(16, SuiteSummary.Synthetic(rows).Count);
        Assert.Equal(["3", "4", "11", "18", "19", "21", "33"], SuiteSummary.ChosenOn(rows).Select(row => row.Case));
        Assert.Equal(["8", "13", "20", "26", "29", "34", "35", "36", "37"], SuiteSummary.HeldOut(rows).Select(row => row.Case));
        Assert.Equal(["ioi"], SuiteSummary.IndirectObject(rows).Select(row => row.Case));
    }

    [Fact]
    public void Rows_carry_every_number_by_the_names_of_files()
    {
        string[] names = [.. Row("3", "a", 0, 1, 1).Numbers().Select(number => number.Name)];
        Assert.Equal(["shd", "shd_upstream", "shd_best", "auroc", "average_precision", "f1", "predicted", "truth", "seconds", "peak_bytes"], names.Take(10));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    private static SuiteRow Row(string program, string method, int seed, double first, double second, params (string Source, string Target, double Score)[] others)
    {
        double[] values = new double[_graph.EdgeCount];
        foreach ((string source, string target, double score) in ((string, string, double)[])[("input", "m0", first), ("m0", "logits", second), .. others])
        {
            values[_graph.EdgeIndex(_graph.IndexOf(source), _graph.IndexOf(target))] = score;
        }

        EdgeScores scores = new(_graph, values);
        bool[] circuit = EdgeSelection.AtLeast(scores, 0.5);
        return new SuiteRow
        {
            Case = program,
            Program = program,
            Method = method,
            Seed = seed,
            Figures = CircuitFigures.Of(scores, circuit, _truth),
            VisibleFigures = CircuitFigures.Of(scores, circuit, _truth, visibleOnly: true),
            UpstreamDistance = CircuitFigures.HammingDistanceOf(circuit, _truth),
            Scores = scores,
            Truth = _truth,
        };
    }

    private static SuiteRow Floor(string program) => new()
    {
        Case = program,
        Program = program,
        Method = CircuitFloors.EmptyName,
        Seed = 0,
        Figures = CircuitFloors.Empty(2, 53),
        VisibleFigures = CircuitFloors.Empty(2, 53),
        UpstreamDistance = 2,
        Truth = _truth,
    };
}
