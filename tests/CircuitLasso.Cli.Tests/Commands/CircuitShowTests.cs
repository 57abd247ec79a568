using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class CircuitShowTests
{
    [Fact]
    public void Tables_and_tree_show_the_strongest_first()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        (int exitCode, string output, string error) = CommandLine.Run("circuit", "show", path);
        Assert.Equal(0, exitCode);
        Assert.Empty(error);
        Assert.StartsWith("Circuit for logits: 5 of 8 nodes, 5 of 26 candidate edges.", output, StringComparison.Ordinal);
        Assert.Contains("r2 0.875", output, StringComparison.Ordinal);
        Assert.Contains("head [noun]", output, StringComparison.Ordinal);
        string[] lines = output.Split('\n');
        int strongest = Array.FindIndex(lines, line => line.Contains("a1.h0", StringComparison.Ordinal) && line.Contains("1.5", StringComparison.Ordinal));
        int weakest = Array.FindIndex(lines, line => line.Contains("a0.h1", StringComparison.Ordinal) && line.Contains("-0.25", StringComparison.Ordinal));
        Assert.InRange(strongest, 1, weakest - 1);
        int tree = Array.FindIndex(lines, line => line.Contains("logits reads", StringComparison.Ordinal));
        Assert.Contains("a1.h0", lines[tree + 1], StringComparison.Ordinal);

        // 1.5 of 2.625 enters logits by a1.h0.
        Assert.Contains("57.1", lines[tree + 1], StringComparison.Ordinal);
    }

    [Fact]
    public void Json_is_one_object_with_the_same_content()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        (int exitCode, string output, _) = CommandLine.Run("circuit", "show", path, "--json", "--edges", "3");
        Assert.Equal(0, exitCode);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal("logits", root.GetProperty("target").GetString());
        Assert.Equal(5, root.GetProperty("circuit_edges").GetInt32());
        Assert.Equal(5, root.GetProperty("nodes").GetArrayLength());
        Assert.Equal([1.5, 0.75, 0.5], root.GetProperty("edges").EnumerateArray().Select(edge => edge.GetProperty("weight").GetDouble()));
        Assert.Equal(["input", "a0.h1", "m0", "a1.h0", "logits"], root.GetProperty("paths")[0].GetProperty("nodes").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(0.875, root.GetProperty("metrics").GetProperty("r2").GetDouble());
        Assert.Equal("sha256:0123", root.GetProperty("provenance").GetProperty("text").GetString());
    }

    [Fact]
    public void The_number_of_edges_limits_edges_and_branches()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        string output = CommandLine.Run("circuit", "show", path, "--edges", "2").Output;
        Assert.Contains("Edges: the 2 strongest of 5", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split('\n').Count(line => line.Contains("── ", StringComparison.Ordinal) && line.Contains('%', StringComparison.Ordinal)));
    }

    [Fact]
    public void A_file_that_is_no_circuit_is_refused_with_its_name()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        File.WriteAllText(path, "hello");
        (int exitCode, string output, string error) = CommandLine.Run("circuit", "show", path);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.StartsWith($"error: {path}: is not a circuit file", error, StringComparison.Ordinal);
        Assert.Single(error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_circuit_without_edges_says_so()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit().SelectTop(0), path);
        (int exitCode, string output, _) = CommandLine.Run("circuit", "show", path);
        Assert.Equal(0, exitCode);
        Assert.Contains("No edge is in the circuit", output, StringComparison.Ordinal);
    }
}
