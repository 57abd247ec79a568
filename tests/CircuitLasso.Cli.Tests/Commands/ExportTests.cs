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
            Assert.Equal((0, string.Empty), (exitCode, error));
            Assert.StartsWith($"{target}: {export.Name}, 8 nodes, 26 edges", output, StringComparison.Ordinal);
            using MemoryStream expected = new();
            export.Write(circuit, expected);
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
        Assert.Equal("error: --format: 'pdf' is no export format; use one of json, csv, dot, graphml, eap-ig" + Environment.NewLine, error);
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
}
