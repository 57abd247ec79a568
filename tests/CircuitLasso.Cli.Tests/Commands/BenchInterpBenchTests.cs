using System.Text.Json;
using CircuitLasso.InterpBench;
using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

/// <summary>The suite's command, on a model of random weights: what is printed and written, not what is found.</summary>
public sealed class BenchInterpBenchTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public BenchInterpBenchTests()
    {
        // A folder with the name of an embedded program needs no program file.
        ModelDescription description = LowLevelModel.Describe(KnownPrograms.Find("33")!);
        using TransformerModel model = new(description, ParameterInitializer.Random(description, 5, deviation: 0.4f));
        ModelCheckpoint.SaveHookedTransformer(model, _temporary.PathOf("models", "33"));
    }

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Json_holds_a_row_per_method_and_case_and_their_means_under_the_same_names()
    {
        (int exitCode, string output, string error) = Run("--samples", "4", "--seeds", "2", "--methods", "eap,exact", "--json");
        Assert.True(exitCode == 0, error);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        Assert.Equal(
            ["empty", "full", "random", "eap", "exact", "empty", "full", "random", "eap", "exact"],
            rows.Select(row => row.GetProperty("method").GetString()));
        string[] names = ["shd", "shd_upstream", "shd_best", "auroc", "average_precision", "f1", "predicted", "truth", "seconds", "peak_bytes"];
        foreach (JsonElement row in rows)
        {
            Assert.Equal("33", row.GetProperty("case").GetString());
            Assert.All(names, name => Assert.True(row.TryGetProperty(name, out _), name));
        }

        JsonElement means = json.GetProperty("means");
        foreach (string method in (string[])["empty", "full", "random", "eap", "exact"])
        {
            double[] distances = [.. rows.Where(row => row.GetProperty("method").GetString() == method).Select(row => row.GetProperty("shd").GetDouble())];
            Assert.Equal(distances.Average(), means.GetProperty(method).GetProperty("shd").GetDouble(), 1e-12);
            Assert.All(names, name => Assert.True(means.GetProperty(method).TryGetProperty(name, out _), name));
        }

        Assert.Equal(2, means.GetProperty("empty").GetProperty("shd").GetDouble());
        Assert.Contains(json.GetProperty("differences").EnumerateArray(), item => item.GetProperty("method").GetString() == "eap" && item.GetProperty("other").GetString() == "exact");
    }

    [Fact]
    public void Tables_and_figures_name_every_method_and_explain_their_words()
    {
        (int exitCode, string output, string error) = Run("--samples", "2", "--methods", "eap, exact", "--svg", _temporary.PathOf("figures"), "--out", _temporary.PathOf("kept"));
        Assert.True(exitCode == 0, error);
        foreach (string word in (string[])["empty", "full", "random", "eap", "exact", "SHD: wrong plus missing edges", "Floors:", "peak MiB"])
        {
            Assert.Contains(word, output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("…", output, StringComparison.Ordinal);
        foreach (string figure in (string[])["shd.svg", "seconds.svg", "roc.svg"])
        {
            Assert.Contains("eap", File.ReadAllText(_temporary.PathOf("figures", figure)), StringComparison.Ordinal);
        }

        Assert.Equal(2, Directory.GetFiles(_temporary.PathOf("kept")).Length);
    }

    [Theory]
    [InlineData("case 7", "--cases", "7")]
    [InlineData("--method magic", "--methods", "magic")]
    [InlineData("--cases: names nothing", "--cases", ",")]
    [InlineData("--seeds takes a whole number of at least 1", "--seeds", "0")]
    public void What_is_not_there_is_refused_in_one_line(string words, params string[] arguments)
    {
        (int exitCode, string output, string error) = Run(arguments);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        string line = Assert.Single(error.Trim().Split('\n'), text => text.StartsWith("error: ", StringComparison.Ordinal));
        Assert.Contains(words, line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_that_is_not_in_the_program_is_refused()
    {
        (int exitCode, _, string error) = CommandLine.Run("bench", "interpbench", "--set", "imaginary");
        Assert.Equal(2, exitCode);
        Assert.Contains("--set imaginary", error, StringComparison.Ordinal);
    }

    private (int ExitCode, string Output, string Error) Run(params string[] arguments) =>
        CommandLine.Run(["bench", "interpbench", "--models", _temporary.PathOf("models"), .. arguments]);
}
