using System.Security.Cryptography;
using System.Text.Json;
using CircuitLasso.Models;

namespace CircuitLasso.Cli.Tests;

public sealed class DiscoverTests : IDisposable
{
    private readonly AgreementTask _given = new();

    private string Out => _given.Folder.PathOf("found.circuit");

    public void Dispose() => _given.Dispose();

    [Fact]
    public void One_method_writes_the_circuit_that_the_library_finds_with_where_it_comes_from()
    {
        (int exitCode, string output, string error) = Run("--method", "eap-ig", "--steps", "3", "--out", Out);
        Assert.True(exitCode == 0, error);
        using TransformerModel model = ModelCheckpoint.Load(_given.Model);
        DiscoveryTask task = TaskFile.Read(_given.Task, Tokenizer.Load(_given.Model), model).Task;
        Circuit expected = DiscoveryMethods.Named("eap-ig").Discover(model, task, new DiscoveryOptions { Steps = 3 }, null, TestContext.Current.CancellationToken).ToCircuit();
        Circuit circuit = CircuitFile.Read(Out);
        Assert.Equal(expected.Edges, circuit.Edges);
        Assert.Equal(circuit.Components!.EdgeCount, circuit.Edges.Count);
        Assert.Contains(circuit.Edges, edge => edge.InCircuit);
        Assert.Equal("eap-ig", circuit.Provenance["method"]);
        Assert.Equal("3", circuit.Provenance["steps"]);
        Assert.Equal("6", circuit.Provenance["pairs"]);
        Assert.Equal("sha256:" + ModelFingerprint.Sha256(_given.Model), circuit.Provenance["model"]);
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_given.Task))), circuit.Provenance["task"]);
        CircuitEdge strongest = circuit.Edges.Where(edge => edge.InCircuit).MaxBy(edge => Math.Abs(edge.Weight))!;
        Assert.Contains($"{strongest.Source} -> {strongest.Target}", output, StringComparison.Ordinal);
        Assert.Contains("gradients", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_methods_write_a_file_each_and_are_compared_in_one_table()
    {
        (int exitCode, string output, string error) = Run("--method", "eap, lasso,eap", "--pairs", "5", "--out", Out, "--json");
        Assert.True(exitCode == 0, error);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        Assert.Equal(5, json.GetProperty("pairs").GetInt32());
        JsonElement[] methods = [.. json.GetProperty("methods").EnumerateArray()];
        Assert.Equal(["eap", "lasso"], methods.Select(method => method.GetProperty("method").GetString()));
        foreach (JsonElement method in methods)
        {
            string name = method.GetProperty("method").GetString()!;
            Circuit circuit = CircuitFile.Read(_given.Folder.PathOf($"found.{name}.circuit"));
            Assert.Equal(name, circuit.Provenance["method"]);
            Assert.Equal(circuit.Edges.Count(edge => edge.InCircuit), method.GetProperty("circuit_edges").GetInt32());
            Assert.Equal(circuit.Edges.Count(edge => edge.InCircuit), method.GetProperty("edges").GetArrayLength());
            Assert.True(method.GetProperty("seconds_by_kind").EnumerateObject().Any());
        }

        Assert.False(File.Exists(Out));
        Assert.InRange(CircuitFile.Read(_given.Folder.PathOf("found.lasso.circuit")).Metrics["largest_relative_gap"], 0, 1e-3);

        (_, output, _) = Run("--method", "eap,ifr", "--pairs", "4", "--out", Out);
        Assert.Contains("6 pairs", Run("--method", "ifr", "--out", Out).Output, StringComparison.Ordinal);
        Assert.Contains("found.ifr.circuit", output, StringComparison.Ordinal);
        Assert.Contains("collection", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--top", "7")]
    [InlineData("--threshold", "0.5")]
    public void Edges_can_be_chosen_by_number_or_by_share_of_the_largest(string option, string value)
    {
        Assert.Equal(0, Run("--method", "eap", option, value, "--out", Out).ExitCode);
        Circuit circuit = CircuitFile.Read(Out);
        EdgeScores scores = ComponentDiscovery.FromCircuit(circuit, Out).Scores;
        bool[] chosen = option == "--top" ? EdgeSelection.Top(scores, 7) : EdgeSelection.AtLeastShareOfLargest(scores, 0.5);
        Assert.Equal(EdgeSelection.Prune(scores.Graph, chosen), ComponentDiscovery.FromCircuit(circuit, Out).InCircuit);
        Assert.Contains(value, circuit.Provenance["selection"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_circuit_without_a_path_is_said_to_be_empty()
    {
        (int exitCode, _, string error) = Run("--method", "eap", "--top", "1", "--out", Out);
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain(CircuitFile.Read(Out).Edges, edge => edge.InCircuit);
        Assert.Contains("eap: no chosen edge lies on a path", error, StringComparison.Ordinal);
        Assert.DoesNotContain("no chosen edge", Run("--method", "eap", "--top", "300", "--out", Out).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 2)]
    public void Missed_tolerances_end_in_one_message_and_exit_code_3_with_the_files_written(int expected, int missed)
    {
        (int exitCode, string output, string error) = CommandLine.Run(
            new DiscoverCommand(name => new MissingMethod(name, name == "good" ? 0 : missed)), TestContext.Current.CancellationToken,
            "--model", _given.Model, "--task", _given.Task, "--method", "good,bad", "--out", Out);
        Assert.Equal(expected, exitCode);
        Assert.Equal(missed, CircuitFile.Read(_given.Folder.PathOf("found.bad.circuit")).Metrics["missed"]);
        Assert.Contains("found.good.circuit", output, StringComparison.Ordinal);
        Assert.Equal(missed > 0, error.Contains("regressions missed their tolerance (bad: 2)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("lasso")]
    [InlineData("lasso-paper")]
    [InlineData("tied-ridge")]
    public void Too_few_pairs_for_cross_validation_are_refused_in_one_line(string method)
    {
        AssertRefused("has 4 pairs of texts, but regressions are cross-validated in 5 folds and need at least 5 pairs", Run("--method", method, "--pairs", "4", "--out", Out));
        Assert.Equal(0, Run("--method", method, "--pairs", "5", "--out", Out).ExitCode);
    }

    [Fact]
    public void The_same_command_gives_the_same_bytes()
    {
        Assert.Equal(0, Run("--method", "lasso", "--out", Out, "--threads", "1").ExitCode);
        string again = _given.Folder.PathOf("again.circuit");
        Assert.Equal(0, Run("--method", "lasso", "--out", again, "--threads", "2").ExitCode);
        Assert.Equal(File.ReadAllBytes(Out), File.ReadAllBytes(again));
    }

    [Fact]
    public void Pairs_that_do_not_fit_are_counted_on_standard_error()
    {
        File.AppendAllText(_given.Task, """{"clean_prefix": "the boy", "patch_prefix": "the old boys", "clean_answer": " sings", "patch_answer": " sing"}""" + "\n");
        (int exitCode, _, string error) = Run("--method", "eap", "--out", Out);
        Assert.Equal(0, exitCode);
        Assert.Contains("6 pairs are used; left out: 1 with texts of unequal length", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--method magic: there is no such method", "--method", "magic")]
    [InlineData("--method: names nothing", "--method", ",")]
    [InlineData("--threshold: is not from 0 to 1", "--method", "eap", "--threshold", "1.5")]
    [InlineData("--top: stands beside --threshold", "--method", "eap", "--threshold", "0.5", "--top", "3")]
    [InlineData("--tau: is not a number of at least 0", "--method", "acdc", "--tau", "-1")]
    [InlineData("--memory: 'much' is no size", "--method", "eap", "--memory", "much")]
    [InlineData("--steps takes a whole number of at least 1", "--method", "eap-ig", "--steps", "0")]
    [InlineData("--pairs takes a whole number of at least 1", "--method", "eap-ig", "--pairs", "0")]
    public void Options_that_make_no_sense_are_refused_in_one_line(string words, params string[] arguments) => AssertRefused(words, Run([.. arguments, "--out", Out]));

    [Fact]
    public void Task_files_that_cannot_be_used_are_refused_in_one_line()
    {
        AssertRefused("is read by this command", Run("--method", "eap", "--out", _given.Task));
        File.WriteAllText(_given.Task, """{"clean_prefix": "the boy", "patch_prefix": "the old boys", "clean_answer": " sings", "patch_answer": " sing"}""");
        AssertRefused("no pair can be used", Run("--method", "eap", "--out", Out));
        File.Delete(_given.Task);
        AssertRefused("there is no such task file", Run("--method", "eap", "--out", Out));
        AssertRefused("no", Run("--method", "eap", "--out", _given.Folder.PathOf("nowhere", "found.circuit")));
    }

    private void AssertRefused(string words, (int ExitCode, string Output, string Error) run)
    {
        Assert.Equal((2, string.Empty), (run.ExitCode, run.Output));
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_given.Folder.Root, "*.circuit"));
    }

    private (int ExitCode, string Output, string Error) Run(params string[] arguments) =>
        CommandLine.Run(["discover", "--model", _given.Model, "--task", _given.Task, .. arguments]);
}
