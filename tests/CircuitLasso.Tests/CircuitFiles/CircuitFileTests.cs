using System.Diagnostics;
using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class CircuitFileTests
{
    private const string Python = "/usr/bin/python3";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_written_is_read(bool isComponentCircuit)
    {
        using TemporaryFolder folder = new();
        Circuit circuit = isComponentCircuit ? SampleCircuits.Component(parallelBlocks: true) : SampleCircuits.Features();
        CircuitFile.Write(circuit, folder.PathOf("a.circuit"));
        CircuitAssert.Same(circuit, CircuitFile.Read(folder.PathOf("a.circuit")));
        Assert.Equal([folder.PathOf("a.circuit")], Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void A_target_that_is_not_the_default_is_kept()
    {
        using TemporaryFolder folder = new();
        Circuit circuit = new([new CircuitNode("a", CircuitNodeKind.Block, 0), new CircuitNode("b", CircuitNodeKind.Block, 1)], [], "a");
        CircuitFile.Write(circuit, folder.PathOf("a.circuit"));
        Assert.Equal("a", CircuitFile.Read(folder.PathOf("a.circuit")).Target.Name);
    }

    [Fact]
    public void A_readout_at_positions_is_kept()
    {
        using TemporaryFolder folder = new();
        CircuitReadout pooled = SampleCircuits.Features().Readout!;
        CircuitReadout readout = new(Pooling.None, pooled.Intercepts, pooled.Coefficients.SelectMany(part => new[] { part with { Position = 0 }, part with { Position = int.MaxValue, Value = 0.5 } }), pooled.Classes);
        CircuitFile.Write(SampleCircuits.Features().With(readout: readout), folder.PathOf("a"));
        CircuitReadout read = CircuitFile.Read(folder.PathOf("a")).Readout!;
        Assert.True(read.KeepsPositions);
        Assert.Equal(readout.Coefficients, read.Coefficients);
    }

    [Fact]
    public void The_same_circuit_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        CircuitFile.Write(SampleCircuits.Features(), folder.PathOf("a"));
        CircuitFile.Write(CircuitFile.Read(folder.PathOf("a")), folder.PathOf("b"));
        CircuitFile.Write(SampleCircuits.Component(), folder.PathOf("b2"));
        CircuitFile.Write(SampleCircuits.Features(), folder.PathOf("b2"));
        Assert.Equal(File.ReadAllBytes(folder.PathOf("a")), File.ReadAllBytes(folder.PathOf("b")));
        Assert.Equal(File.ReadAllBytes(folder.PathOf("a")), File.ReadAllBytes(folder.PathOf("b2")));
    }

    [Fact]
    public void The_lines_of_Python_in_the_documentation_read_it()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed");
        using TemporaryFolder folder = new();
        Circuit circuit = SampleCircuits.Component();
        CircuitFile.Write(circuit, folder.PathOf("my.circuit"));
        string page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "circuit-file.md"));
        string[] lines = page.Split("```python\n")[1].Split("\n```")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        string output = RunPython(folder.Root, string.Join('\n', [.. lines, "import json; print(json.dumps(edges))"]));
        (string, string, double)[] actual = [.. JsonDocument.Parse(output).RootElement.EnumerateArray().Select(row => (row[0].GetString()!, row[1].GetString()!, row[2].GetDouble()))];
        Assert.Equal(
            circuit.Edges.Where(edge => edge.InCircuit).OrderByDescending(edge => Math.Abs(edge.Weight)).Select(edge => (edge.Source, edge.Target, edge.Weight)),
            actual);
    }

    [Fact]
    public void Python_sees_every_table_of_the_documentation_and_the_same_numbers()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed");
        using TemporaryFolder folder = new();
        CircuitFile.Write(SampleCircuits.Features(), folder.PathOf("my.circuit"));
        CircuitReadout pooled = SampleCircuits.Features().Readout!;
        CircuitReadout atPositions = new(Pooling.None, pooled.Intercepts, pooled.Coefficients.Select(part => part with { Position = 3 }), pooled.Classes);
        CircuitFile.Write(SampleCircuits.Features().With(readout: atPositions), folder.PathOf("positions.circuit"));
        string output = RunPython(folder.Root, """
            import sqlite3, json
            db = sqlite3.connect("my.circuit")
            db.execute("attach 'positions.circuit' as other")
            db.execute("create table readout_position as select * from other.readout_position")
            tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
            print(json.dumps({table: [list(column[1] for column in db.execute(f"pragma table_info({table})"))] + [list(row) for row in db.execute(f"select * from {table}")] for table in tables}))
            """);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        string page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "circuit-file.md"));
        Assert.Equal(CircuitFileSchema.Tables.Keys.Concat(CircuitFileSchema.OptionalTables.Keys), root.EnumerateObject().Select(table => table.Name));
        foreach (JsonProperty table in root.EnumerateObject())
        {
            string section = page.Split($"### `{table.Name}`")[1].Split("###")[0];
            Assert.All(table.Value[0].EnumerateArray(), column => Assert.Contains($"| `{column.GetString()}` |", section, StringComparison.Ordinal));
        }

        Assert.Equal(pooled.Coefficients.Select(part => (part.Index, part.Value, 3)), root.GetProperty("readout_position").EnumerateArray().Skip(1).Select(row => (row[2].GetInt32(), row[4].GetDouble(), row[5].GetInt32())));
        Assert.Equal(5e-324, root.GetProperty("edge")[3][3].GetDouble());
        Assert.Equal("\"quoted\" <b>&amp;</b>, comma; λ 🙂", root.GetProperty("label")[1][1].GetString());
        Assert.Equal([100.0, 50.0], root.GetProperty("edge_weight").EnumerateArray().Skip(2).Select(row => row[1].GetDouble()));
    }

    [Fact]
    public void No_clock_time_is_inside()
    {
        using TemporaryFolder folder = new();
        CircuitFile.Write(SampleCircuits.Features(), folder.PathOf("a"));
        File.SetLastWriteTimeUtc(folder.PathOf("a"), DateTime.UnixEpoch);
        Assert.Equal(["model", "command"], CircuitFile.Read(folder.PathOf("a")).Provenance.Keys);
        string text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(folder.PathOf("a")));
        Assert.DoesNotContain(DateTime.UtcNow.Year + "-", text, StringComparison.Ordinal);
    }

    private static string RunPython(string folder, string program)
    {
        ProcessStartInfo start = new(Python, ["-c", program]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }
}
