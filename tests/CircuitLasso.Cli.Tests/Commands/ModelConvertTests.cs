using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class ModelConvertTests
{
    [Theory]
    [InlineData("interpbench-dict", "hooked_transformer")]
    [InlineData("interpbench-object", "hooked_transformer")]
    [InlineData("gpt2-single", "gpt2")]
    [InlineData("gpt2-shards", "gpt2")]
    public void A_model_of_torch_files_becomes_one_that_info_reads(string source, string family)
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, _) = CommandLine.Run("model", "convert", Fixture(source), "--out", folder.PathOf("a"), "--json", "--quiet");
        Assert.Equal(0, exitCode);
        using JsonDocument converted = JsonDocument.Parse(output);
        Assert.Equal(28, converted.RootElement.GetProperty("tensors").GetInt32());
        (exitCode, output, _) = CommandLine.Run("model", "info", folder.PathOf("a"), "--json");
        Assert.Equal(0, exitCode);
        using JsonDocument info = JsonDocument.Parse(output);
        Assert.Equal(family, info.RootElement.GetProperty("family").GetString());
        Assert.Equal([folder.PathOf("a")], Directory.GetFileSystemEntries(folder.Root));
        Assert.Equal(family == "gpt2", File.Exists(folder.PathOf("a", "merges.txt")));
    }

    [Fact]
    public void The_known_circuit_beside_the_weights_becomes_a_graph_that_evaluate_reads()
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string error) = CommandLine.Run("model", "convert", Fixture("interpbench-dict"), "--out", folder.PathOf("a"));
        Assert.Equal(0, exitCode);
        Assert.Contains("truth.json: the known circuit, 4 edges", output, StringComparison.Ordinal);
        Assert.Contains("left out 4 tensors", error, StringComparison.Ordinal);
        ComponentDiscovery truth = EapIgGraphFile.Read(folder.PathOf("a", "truth.json")).Collapse();
        Assert.Equal(4, truth.InCircuit.Count(isInside => isInside));
        Assert.Equal((2, 4, 6), (truth.Scores.Graph.Layers, truth.Scores.Graph.Heads, truth.Scores.Graph.Width));
    }

    [Fact]
    public void A_refused_conversion_leaves_nothing_behind()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.PathOf("source"));
        foreach (string file in Directory.GetFiles(Fixture("interpbench-dict")))
        {
            File.Copy(file, folder.PathOf("source", Path.GetFileName(file)));
        }

        // Refused at its very end.
        File.Copy(folder.PathOf("source", "ll_model_cfg.pkl"), folder.PathOf("source", "edges.pkl"), overwrite: true);
        (int exitCode, _, string error) = CommandLine.Run("model", "convert", folder.PathOf("source"), "--out", folder.PathOf("a"), "--quiet");
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"error: {folder.PathOf("source", "edges.pkl")}: does not hold a list; ", error, StringComparison.Ordinal);
        Assert.Equal([folder.PathOf("source")], Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void A_folder_that_is_there_already_is_not_touched()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.PathOf("a"));
        File.WriteAllText(folder.PathOf("a", "config.json"), "mine");
        (int exitCode, _, string error) = CommandLine.Run("model", "convert", Fixture("gpt2-single"), "--out", folder.PathOf("a"));
        Assert.Equal(2, exitCode);
        Assert.Contains("is there already", error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(folder.PathOf("a", "config.json")));
        Assert.Single(Directory.GetFileSystemEntries(folder.PathOf("a")));
    }

    private static string Fixture(string name) => Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "Conversion", "fixtures", name);
}
