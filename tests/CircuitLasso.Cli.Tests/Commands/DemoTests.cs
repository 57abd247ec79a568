using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class DemoTests
{
    [Fact]
    [Trait("Speed", "Slow")]
    public void The_demo_learns_the_agreement_circuit_and_writes_a_report_and_files_that_its_own_commands_read()
    {
        using TemporaryFolder folder = new();
        string demo = folder.PathOf("demo");
        (int exitCode, string output, _) = CommandLine.Run("demo", "--out", demo, "--json");
        Assert.Equal(0, exitCode);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetProperty("predictable").GetBoolean());
        Assert.Equal(0, json.RootElement.GetProperty("missed").GetInt32());
        Assert.True(json.RootElement.GetProperty("accuracy").GetDouble() > 0.99);
        Assert.InRange(json.RootElement.GetProperty("accuracy_shuffled_weights").GetDouble(), 0.3, 0.7);
        Assert.True(json.RootElement.GetProperty("metrics").GetProperty("target_held_out_r2").GetDouble() > 0.8);

        JsonElement intervention = json.RootElement.GetProperty("intervention");
        double faithfulness = intervention.GetProperty("faithfulness").GetDouble();
        Assert.InRange(faithfulness, 0.7, 1);
        Assert.True(intervention.GetProperty("faithfulness_learning").GetDouble() >= InterventionTest.KeptShare);
        Assert.InRange(intervention.GetProperty("completeness").GetDouble(), -0.1, 0.1);
        Assert.InRange(intervention.GetProperty("faithfulness_random").GetDouble(), -0.1, 0.3);
        Assert.InRange(intervention.GetProperty("circuit_edges").GetInt32(), 1, intervention.GetProperty("candidate_edges").GetInt32() / 2);

        Circuit circuit = CircuitFile.Read(Path.Combine(demo, "agreement.circuit"));
        Assert.Equal("logits", circuit.Target.Name);
        Assert.NotEmpty(StrongestPaths.Find(circuit, 3));
        Assert.Contains(circuit.NodesInCircuit(), name => circuit[name].Kind == CircuitNodeKind.AttentionHead);
        Assert.Contains("head noun", File.ReadAllText(Path.Combine(demo, "report.html")), StringComparison.Ordinal);
        Assert.Equal("svg", XDocument.Load(Path.Combine(demo, "agreement.svg")).Root!.Name.LocalName);

        // What the report tells the reader to type.
        string again = folder.PathOf("again");
        Assert.Equal(0, CommandLine.Run(
            "collect", "--model", Path.Combine(demo, "model"), "--text", Path.Combine(demo, "pairs.jsonl"), "--text-column", "prefix", "--answers", "answer_a,answer_b", "--out", again, "--quiet").ExitCode);
        string second = folder.PathOf("again.circuit");
        Assert.Equal(0, CommandLine.Run("learn", "--store", again, "--target", "logitdiff", "--out", second, "--quiet").ExitCode);
        Assert.Equal(File.ReadAllBytes(Path.Combine(demo, "agreement.circuit")), File.ReadAllBytes(second));
        string twins = folder.PathOf("twins.circuit");
        string top = Regex.Match(File.ReadAllText(Path.Combine(demo, "report.html")), "--top ([0-9]+)").Groups[1].Value;
        Assert.Equal(0, CommandLine.Run(
            "discover", "--model", Path.Combine(demo, "model"), "--task", Path.Combine(demo, "twins.jsonl"), "--method", "lasso", "--top", top, "--out", twins, "--quiet").ExitCode);
        Assert.Equal(CircuitFile.Read(Path.Combine(demo, "twins.circuit")).Edges, CircuitFile.Read(twins).Edges);
        using JsonDocument evaluated = JsonDocument.Parse(CommandLine.Run(
            "evaluate", "--circuit", twins, "--model", Path.Combine(demo, "model"), "--task", Path.Combine(demo, "twins-test.jsonl"), "--json").Output);
        Assert.Equal(faithfulness, evaluated.RootElement.GetProperty("edges").GetProperty("faithfulness").GetDouble(), 1e-9);
        string[] learnt = File.ReadAllLines(Path.Combine(demo, "twins.jsonl"));
        string[] tested = File.ReadAllLines(Path.Combine(demo, "twins-test.jsonl"));
        Assert.Empty(learnt.SelectMany(Beginnings).Intersect(tested.SelectMany(Beginnings)));
        Assert.Equal(0, CommandLine.Run("circuit", "show", second).ExitCode);
        foreach (string format in (string[])["json", "dot", "graphml", "csv", "eap-ig"])
        {
            Assert.Equal(0, CommandLine.Run("export", "--circuit", second, "--format", format, "--out", folder.PathOf("out." + format)).ExitCode);
        }
    }

    private static string[] Beginnings(string line)
    {
        using JsonDocument pair = JsonDocument.Parse(line);
        return [pair.RootElement.GetProperty("clean_prefix").GetString()!, pair.RootElement.GetProperty("patch_prefix").GetString()!];
    }
}
