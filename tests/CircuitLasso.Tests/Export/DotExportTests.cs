using System.Diagnostics;
using System.Text.RegularExpressions;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed partial class DotExportTests
{
    private const string Dot = "/usr/bin/dot";

    [Fact]
    public void Every_statement_is_of_the_grammar_and_the_edges_are_those_of_the_circuit()
    {
        Circuit circuit = SampleCircuits.Component();
        string[] lines = ExportText.Of("dot", circuit).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("digraph circuit {", lines[0]);
        Assert.Equal("}", lines[^1]);
        Assert.All(lines[1..^1], line => Assert.Matches(Statement(), line));
        Assert.Equal(
            circuit.Edges.Where(edge => edge.InCircuit).Select(edge => (edge.Source, edge.Target)),
            lines.Select(line => Edge().Match(line)).Where(match => match.Success).Select(match => (match.Groups[1].Value, match.Groups[2].Value)));
    }

    [Fact]
    public void Awkward_text_stays_inside_its_quotes()
    {
        string text = ExportText.Of("dot", SampleCircuits.Features());
        Assert.All(text.Split('\n')[1..^2], line => Assert.Matches(Statement(), line));
        Assert.Contains("""label="embed/7\n\"quoted\" <b>&amp;</b>, comma; λ 🙂" """.TrimEnd(), text, StringComparison.Ordinal);
    }

    [Fact]
    public void Graphviz_reads_the_same_nodes_and_edges()
    {
        Assert.SkipUnless(File.Exists(Dot), $"{Dot} is not installed");
        using TemporaryFolder folder = new();
        Circuit circuit = SampleCircuits.Features().Select(edge => edge.Weight != 0);
        CircuitExports.WriteFile(circuit, CircuitExports.Find("dot"), folder.PathOf("a.dot"));
        using Process process = Process.Start(new ProcessStartInfo(Dot, ["-Tplain", folder.PathOf("a.dot")]) { RedirectStandardOutput = true })!;
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n');
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(circuit.NodesInCircuit().Count, lines.Count(line => line.StartsWith("node ", StringComparison.Ordinal)));
        Assert.Equal(circuit.Edges.Count(edge => edge.InCircuit), lines.Count(line => line.StartsWith("edge ", StringComparison.Ordinal)));
    }

    [GeneratedRegex("""^  (  )?(rankdir=BT;|\{ rank=same;|\}|(node|"(\\.|[^"\\])+"( -> "(\\.|[^"\\])+")?) \[\w+=("(\\.|[^"\\])*"|[\w.]+)(, \w+=("(\\.|[^"\\])*"|[\w.]+))*\];)$""")]
    private static partial Regex Statement();

    [GeneratedRegex("""^  "([^"]+)" -> "([^"]+)" """)]
    private static partial Regex Edge();
}
