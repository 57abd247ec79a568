using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class ExportTests
{
    [Fact]
    public void Every_format_is_written_as_the_library_writes_it()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        Circuit circuit = CommandLine.SampleCircuit();
        CircuitFile.Write(circuit, path);
        foreach (ICircuitExport export in CircuitExports.All)
        {
            string target = folder.PathOf("out");
            (int exitCode, string output, string error) = CommandLine.Run("export", "--circuit", path, "--format", export.Name, "--out", target);
            Assert.Equal(0, exitCode);
            Assert.Equal(export is NeuronpediaExport, error.Contains("bytes compressed with gzip; Neuronpedia takes uploads of 1024 to", StringComparison.Ordinal));
            Assert.StartsWith($"{target}: {export.Name}, 8 nodes, 26 edges", output, StringComparison.Ordinal);
            using MemoryStream expected = new();
            (export is NeuronpediaExport ? new NeuronpediaExport(new NeuronpediaGraphOptions { Slug = "out" }) : export).Write(circuit, expected);
            Assert.Equal(expected.ToArray(), File.ReadAllBytes(target));
        }
    }

    [Fact]
    public void Json_says_what_was_written()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        string output = CommandLine.Run("export", "--circuit", path, "--format", "dot", "--out", folder.PathOf("b.dot"), "--json").Output;
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(new FileInfo(folder.PathOf("b.dot")).Length, root.GetProperty("bytes").GetInt64());
        Assert.Equal("dot", root.GetProperty("format").GetString());
    }

    [Fact]
    public void An_unknown_format_is_refused_with_the_known_ones()
    {
        (int exitCode, _, string error) = CommandLine.Run("export", "--circuit", "a", "--format", "pdf", "--out", "b");
        Assert.Equal(2, exitCode);
        Assert.Equal("error: --format: 'pdf' is no export format; use one of json, csv, dot, graphml, eap-ig, neuronpedia" + Environment.NewLine, error);
    }

    [Fact]
    public void The_circuit_itself_is_not_replaced_by_its_export()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        (int exitCode, _, string error) = CommandLine.Run("export", "--circuit", path, "--format", "csv", "--out", path);
        Assert.Equal(2, exitCode);
        Assert.Contains("is read by this command, which would replace it", error, StringComparison.Ordinal);
        Assert.Equal(CommandLine.SampleCircuit().Edges.Count, CircuitFile.Read(path).Edges.Count);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused_and_nothing_is_left()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        (int exitCode, _, string error) = CommandLine.Run("export", "--circuit", path, "--format", "csv", "--out", folder.PathOf("no", "b.csv"));
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"error: {folder.PathOf("no", "b.csv")}: ", error, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void A_graph_for_circuit_tracers_viewer_is_written_beside_its_index()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        string model = SharedData.Require("stories260k");
        (int exitCode, string output, string error) = CommandLine.Run(
            "export", "--circuit", path, "--format", "neuronpedia", "--out", folder.PathOf("x.json"), "--slug", "my-graph", "--scan", "my-model", "--prompt", "Once upon", "--model", model, "--graph-index");
        Assert.Equal(0, exitCode);
        Assert.StartsWith(folder.PathOf("my-graph.json") + ": neuronpedia", output, StringComparison.Ordinal);
        Assert.Contains("Neuronpedia takes uploads", error, StringComparison.Ordinal);
        JsonElement metadata = JsonDocument.Parse(File.ReadAllText(folder.PathOf("graph-metadata.json"))).RootElement.GetProperty("graphs")[0];
        Assert.Equal("my-graph", metadata.GetProperty("slug").GetString());
        Assert.Equal("my-model", metadata.GetProperty("scan").GetString());
        Assert.Equal("Once upon", metadata.GetProperty("prompt").GetString());
        Assert.True(metadata.GetProperty("prompt_tokens").GetArrayLength() >= 2);
        Assert.False(File.Exists(folder.PathOf("x.json")));
    }

    [Theory]
    [InlineData("--slug: belongs to --format neuronpedia", "--format", "dot", "--slug", "a")]
    [InlineData("--graph-index: belongs to --format neuronpedia", "--format", "json", "--graph-index")]
    [InlineData("--prompt: needs --model", "--format", "neuronpedia", "--prompt", "a")]
    [InlineData("--model: needs --prompt", "--format", "neuronpedia", "--model", "a")]
    [InlineData("--slug: 'a b' cannot name a graph", "--format", "neuronpedia", "--slug", "a b")]
    public void Options_of_a_graph_are_refused_where_they_make_no_sense(string message, params string[] options)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        CircuitFile.Write(CommandLine.SampleCircuit(), path);
        (int exitCode, _, string error) = CommandLine.Run(["export", "--circuit", path, "--out", folder.PathOf("b.json"), .. options]);
        Assert.Equal(2, exitCode);
        Assert.StartsWith("error: " + message, error, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Root));
    }
}
