using System.Xml.Linq;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

public sealed class InterpBenchSuiteTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_method_that_knows_the_truth_is_perfect_and_the_floors_are_those_of_closed_form()
    {
        ModelSet models = Models("3", "13", "ioi");
        IReadOnlyList<SuiteRow> rows = InterpBenchSuite.Run(models, new SuiteOptions { Samples = 4, Seeds = 2 }, [Knowing("knowing"), Nothing()]);

        Assert.Equal(["3", "13", "ioi"], rows.Select(row => row.Case).Distinct());
        Assert.Equal(3 * 2 * 5, rows.Count);
        foreach (SuiteRow row in rows.Where(row => row.Method == "knowing"))
        {
            Assert.Equal((0, 0, 1, 1), (row.Figures.HammingDistance, row.Figures.BestHammingDistance, row.Figures.AreaUnderCurve, row.Figures.AveragePrecision));
            Assert.Equal(1, row.Figures.F1);
            Assert.Equal(0, row.VisibleFigures.HammingDistance);
            Assert.Equal(0.25, row.SecondsByKind["collection"]);
            Assert.True(row.Seconds > 0);
            Assert.Equal((0.75, 0.5), (row.Accuracy, row.AccuracyWithOutsideSwapped));
            Assert.Null(row.ExactDistance);
        }

        // Upstream's rule misses one real read of case 13.
        Assert.Equal(1, rows.First(row => row.Case == "13" && row.Method == "knowing").UpstreamDistance);
        foreach (SuiteRow row in rows.Where(row => row.Method == "nothing"))
        {
            SuiteRow floor = rows.First(other => other.Case == row.Case && other.Method == CircuitFloors.EmptyName);
            Assert.Equal(floor.Figures, row.Figures);
            Assert.Equal(floor.VisibleFigures, row.VisibleFigures);
            Assert.Equal(floor.UpstreamDistance, row.UpstreamDistance);
        }

        Assert.Equal([53, 53, 459], rows.DistinctBy(row => row.Case).Select(row => row.Figures.Candidates));
    }

    [Fact]
    public void Every_method_of_the_table_runs_and_exact_patching_gives_the_second_truth()
    {
        IReadOnlyList<SuiteRow> rows = InterpBenchSuite.Run(Models("3"), new SuiteOptions { Samples = 40 });
        Assert.Equal(
            ["empty", "full", "random", .. DiscoveryMethods.All.Select(method => method.Name)],
            rows.Select(row => row.Method));
        Assert.All(rows, row => Assert.All(row.Numbers().Where(number => number.Value is not null), number => Assert.True(double.IsFinite(number.Value!.Value), number.Name)));

        // The second truth is what exact patching finds at the stated share, so exact patching at that very rule has no distance to it.
        SuiteRow exact = rows.Single(row => row.Method == "exact");
        int found = EdgeSelection.Prune(exact.Truth.Graph, EdgeSelection.AtLeastShareOfLargest(exact.Scores!, 0.02)).Where((isIn, edge) => isIn && exact.Truth.IsCandidate[edge]).Count();
        Assert.Equal(found, exact.ExactTruth);
        Assert.Equal(found, rows.Single(row => row.Method == "empty").ExactDistance);
    }

    [Fact]
    public void All_methods_see_the_same_inputs_and_one_short_run_before_they_are_timed()
    {
        List<DiscoveryTask> seen = [];
        FixedMethod first = new("first", (_, _) => 1) { Asked = seen.Add };
        FixedMethod second = new("second", (_, _) => 1) { Asked = seen.Add };
        _ = InterpBenchSuite.Run(Models("3"), new SuiteOptions { Samples = 30, Seeds = 2 }, [first, second]);
        Assert.Equal([20, 30, 20, 30, 30, 30], seen.Select(task => task.Count));
        Assert.Same(seen[1], seen[3]);
        Assert.Same(seen[4], seen[5]);
        Assert.NotEqual(seen[1].Clean, seen[4].Clean);
    }

    [Fact]
    public void Memory_that_a_method_holds_is_seen()
    {
        // It holds the memory for long enough to be read.
        FixedMethod method = new("holding", (_, edge) => edge is ("input", "m0") ? Wait() : 1) { Bytes = 64 << 20 };
        IReadOnlyList<SuiteRow> rows = InterpBenchSuite.Run(Models("3"), new SuiteOptions { Samples = 2 }, [method, Nothing()]);
        Assert.InRange(rows.Single(row => row.Method == "holding").PeakBytes!.Value, 64 << 20, 96 << 20);
        Assert.InRange(rows.Single(row => row.Method == "nothing").PeakBytes!.Value, 0, 32 << 20);

        static double Wait()
        {
            Thread.Sleep(50);
            return 1;
        }
    }

    [Fact]
    public void Kept_runs_are_taken_up_again_for_the_same_model_and_samples_only()
    {
        ModelSet models = Models("3", "4");
        string keep = _temporary.PathOf("kept");
        SuiteOptions options = new() { Samples = 4 };
        FixedMethod method = Knowing("knowing");
        IReadOnlyList<SuiteRow> rows = InterpBenchSuite.Run(models, options, [method], keep);
        int runs = method.Runs;
        IReadOnlyList<SuiteRow> again = InterpBenchSuite.Run(models, options, [method], keep);
        Assert.Equal(runs, method.Runs);
        Assert.Equal(rows.Select(Numbers), again.Select(Numbers));

        _ = InterpBenchSuite.Run(models, options with { Samples = 5 }, [method], keep);
        Assert.Equal(runs + 3, method.Runs);

        static string Numbers(SuiteRow row) => row.Case + row.Method + string.Join(' ', row.Numbers());
    }

    [Fact]
    public void An_interrupted_suite_keeps_what_is_done()
    {
        ModelSet models = Models("3", "4");
        string keep = _temporary.PathOf("kept");
        using CancellationTokenSource source = new();
        FixedMethod first = Knowing("first");
        FixedMethod stopping = new("stopping", (_, _) => 1) { Asked = _ => source.Cancel() };
        Assert.Throws<OperationCanceledException>(() => InterpBenchSuite.Run(models, new SuiteOptions { Samples = 4 }, [first, stopping], keep, null, source.Token));
        int runs = first.Runs;
        _ = InterpBenchSuite.Run(models, new SuiteOptions { Samples = 4, Cases = ["3"] }, [first], keep);
        Assert.Equal(runs, first.Runs);
    }

    [Fact]
    public void Damaged_kept_runs_are_refused_or_run_again()
    {
        ModelSet models = Models("3");
        string keep = _temporary.PathOf("kept");
        SuiteOptions options = new() { Samples = 2 };
        _ = InterpBenchSuite.Run(models, options, [Knowing("knowing")], keep);
        string file = Assert.Single(Directory.GetFiles(keep));
        byte[] valid = File.ReadAllBytes(file);
        Random random = new(11);
        int refused = 0;
        for (int i = 0; i < 200; i++)
        {
            File.WriteAllBytes(file, Mutation.Apply(valid, random));
            try
            {
                Assert.Equal(4, InterpBenchSuite.Run(models, options, [Knowing("knowing")], keep).Count);
            }
            catch (InputException exception)
            {
                Assert.Contains(file, exception.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 50, 200);
    }

    [Fact]
    public void Unknown_cases_and_unfit_models_are_refused_in_one_line()
    {
        ModelSet models = Models("3", "37");
        Refused("case 99", () => InterpBenchSuite.Run(models, new SuiteOptions { Cases = ["99"] }, [Nothing()]));
        Refused("--method none", () => InterpBenchSuite.Run(models, new SuiteOptions { Methods = ["none"] }));
        Refused("nowhere", () => ModelSet.FromFolder(_temporary.PathOf("nowhere")));
        Refused("holds no folder", () => ModelSet.FromFolder(_temporary.PathOf("models", "3")));
        Refused("--set other", () => ModelSet.Embedded("other"));

        File.Copy(_temporary.PathOf("models", "37", "program.json"), _temporary.PathOf("models", "3", "program.json"), overwrite: true);
        Refused("model 3", () => models.Open("3").Dispose());
        File.WriteAllText(_temporary.PathOf("models", "37", "training.json"), """{"accuracy": 7}""");
        Refused("training.json", () => models.Open("37").Dispose());
        File.WriteAllText(_temporary.PathOf("models", "37", "training.json"), "[");
        Refused("training.json", () => models.Open("37").Dispose());

        static void Refused(string words, Action action)
        {
            string message = Assert.Throws<InputException>(action).Message;
            Assert.Contains(words, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Fact]
    public void A_folder_with_the_name_of_a_known_program_needs_no_program_file_and_no_log()
    {
        ModelSet models = Models("3");
        File.Delete(_temporary.PathOf("models", "3", "program.json"));
        File.Delete(_temporary.PathOf("models", "3", "training.json"));
        using KnownModel model = ModelSet.FromFolder(_temporary.PathOf("models")).Open("3");
        Assert.Equal("3", model.Program.Id);
        Assert.Null(model.Accuracy);
    }

    [Fact]
    public void Figures_are_whole_XML_and_the_same_text_for_the_same_rows()
    {
        SuiteRow[] rows = [.. InterpBenchSuite.Run(Models("3", "ioi"), new SuiteOptions { Samples = 2 }, [Knowing("knowing & <all>"), Nothing()])
            .Select(row => row.Seconds is null ? row : row with { Seconds = 0.02 })];
        foreach (Func<IReadOnlyList<SuiteRow>, string, string> draw in (Func<IReadOnlyList<SuiteRow>, string, string>[])[SuitePictures.Distances, SuitePictures.Seconds, SuitePictures.RocCurves])
        {
            string picture = draw(rows, "A title");
            XElement svg = XElement.Parse(picture);
            Assert.Equal("svg", svg.Name.LocalName);
            Assert.Contains(svg.Descendants(), element => element.Value == "knowing & <all>");
            Assert.DoesNotContain("NaN", picture, StringComparison.Ordinal);
            Assert.Equal(picture, draw(rows, "A title"));
        }

        // Nothing timed, nothing drawn, and no failure.
        Assert.Equal("svg", XElement.Parse(SuitePictures.Seconds([.. rows.Where(row => row.IsFloor)], "Floors")).Name.LocalName);
    }

    private ModelSet Models(params string[] programs)
    {
        SuiteModels.Write(_temporary.PathOf("models"), programs);
        return ModelSet.FromFolder(_temporary.PathOf("models"));
    }

    private static FixedMethod Nothing() => new("nothing", (_, _) => 0);

    // Looks the answer up by the name of the task.
    private static FixedMethod Knowing(string name)
    {
        HashSet<(string, string)> truth = [];
        return new FixedMethod(name, (_, edge) => truth.Contains(edge) ? 1 : 0)
        {
            Asked = task =>
            {
                truth.Clear();
                truth.UnionWith(KnownPrograms.Find(task.Name["program ".Length..])!.Truth.Select(edge => (edge.Source, edge.Target)));
            },
        };
    }
}
