using System.Text.Json;
using CircuitLasso.Models;

namespace CircuitLasso.Cli.Tests;

public sealed class EvaluateTests : IDisposable
{
    private readonly AgreementTask _given = new();

    public EvaluateTests()
    {
        // Scores of both signs, and half of the edges in the circuit.
        ComponentGraph graph = new(4, 4, parallelBlocks: false, 64);
        Random random = new(3);
        EdgeScores scores = new(graph, [.. graph.Edges.Select(_ => random.NextDouble() - 0.4)]);
        CircuitFile.Write(new ComponentDiscovery { Scores = scores, InCircuit = [.. graph.Edges.Select(_ => random.NextDouble() < 0.5)] }.ToCircuit(), At("a.circuit"));
    }

    public void Dispose() => _given.Dispose();

    [Theory]
    [InlineData("corrupt", AblationValue.Corrupt)]
    [InlineData("mean", AblationValue.Mean)]
    [InlineData("zero", AblationValue.Zero)]
    public void Json_holds_what_the_library_measures(string name, AblationValue ablation)
    {
        (int exitCode, string output, string error) = Run("a.circuit", "--ablation", name, "--json");
        Assert.True(exitCode == 0, error);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        using TransformerModel model = ModelCheckpoint.Load(_given.Model);
        CircuitEvaluator evaluator = new(model, TaskFile.Read(_given.Task, Tokenizer.Load(_given.Model), model).Task, ablation);
        ComponentDiscovery circuit = ComponentDiscovery.FromCircuit(CircuitFile.Read(At("a.circuit")), "a.circuit");
        AssertSame(evaluator.EvaluateEdges(circuit.InCircuit, TestContext.Current.CancellationToken), json.GetProperty("edges"));
        AssertSame(evaluator.EvaluateNodes(circuit.InCircuit, TestContext.Current.CancellationToken), json.GetProperty("nodes"));
        AssertSame(evaluator.Curve(circuit.Scores, isAbsolute: true, TestContext.Current.CancellationToken), json.GetProperty("by_absolute_score"));
        AssertSame(evaluator.Curve(circuit.Scores, isAbsolute: false, TestContext.Current.CancellationToken), json.GetProperty("by_score"));
        Assert.NotEqual(json.GetProperty("by_score").GetProperty("cpr").GetDouble(), json.GetProperty("by_absolute_score").GetProperty("cpr").GetDouble());
        Assert.Equal(circuit.InCircuit.Count(inside => inside), json.GetProperty("circuit_edges").GetInt32());
        Assert.Equal((name, 6), (json.GetProperty("ablation").GetString(), json.GetProperty("pairs").GetInt32()));
    }

    [Fact]
    public void The_graph_of_EAP_IG_is_measured_like_the_circuit_that_it_was_exported_from()
    {
        Assert.Equal(0, CommandLine.Run("export", "--circuit", At("a.circuit"), "--format", "eap-ig", "--out", At("a.json")).ExitCode);
        JsonElement own = JsonDocument.Parse(Run("a.circuit", "--json").Output).RootElement;
        JsonElement other = JsonDocument.Parse(Run("a.json", "--json").Output).RootElement;
        foreach (string by in (string[])["edges", "nodes"])
        {
            Assert.Equal(own.GetProperty(by).GetRawText(), other.GetProperty(by).GetRawText());
        }

        Assert.Equal(own.GetProperty("circuit_edges").GetInt32(), other.GetProperty("circuit_edges").GetInt32());
    }

    [Fact]
    public void Tables_hold_faithfulness_completeness_and_the_curve()
    {
        (int exitCode, string output, string error) = Run("a.circuit", "--pairs", "2");
        Assert.True(exitCode == 0, error);
        foreach (string words in (string[])["2 pairs", "edges in the circuit", "corrupt ablation", "faithfulness", "completeness", "0.001", "1.000", "CPR ", "CMD "])
        {
            Assert.Contains(words, output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("…", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_discovered_circuit_knows_its_model()
    {
        Assert.Equal(0, CommandLine.Run("discover", "--model", _given.Model, "--task", _given.Task, "--method", "eap", "--out", At("b.circuit")).ExitCode);
        Assert.DoesNotContain("another model", Run("b.circuit").Error, StringComparison.Ordinal);
        Circuit circuit = CircuitFile.Read(At("b.circuit"));
        CircuitFile.Write(circuit.With(provenance: new Dictionary<string, string> { ["model"] = "sha256:00" }), At("c.circuit"));
        Assert.Contains("was found on another model of this shape", Run("c.circuit").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_measured_is_refused_in_one_line()
    {
        AssertRefused("nothing.circuit", Run("nothing.circuit"));
        AssertRefused("there is no such graph file", Run("nothing.json"));
        CircuitFile.Write(CommandLine.SampleCircuit(), At("small.circuit"));
        AssertRefused("is a circuit of 2 layers of 2 heads, but the model has 4 layers of 4 heads", Run("small.circuit"));
        CircuitFile.Write(
            new Circuit([new CircuitNode("retina", CircuitNodeKind.Block, 0), new CircuitNode("choice", CircuitNodeKind.Block, 1)], [new CircuitEdge("retina", "choice", 1)]), At("blocks.circuit"));
        AssertRefused("the circuit is not one of a model's components", Run("blocks.circuit"));
        AssertRefused("'noise' not recognized", Run("a.circuit", "--ablation", "noise"));
        File.WriteAllText(_given.Task, "no task");
        AssertRefused(_given.Task, Run("a.circuit"));
    }

    private static void AssertSame(CircuitEvaluation expected, JsonElement actual)
    {
        Assert.Equal(expected.ModelLoss, actual.GetProperty("loss_model").GetDouble());
        Assert.Equal(expected.CircuitLoss, actual.GetProperty("loss_circuit").GetDouble());
        Assert.Equal(expected.ComplementLoss, actual.GetProperty("loss_without_circuit").GetDouble());
        Assert.Equal(expected.EmptyLoss, actual.GetProperty("loss_nothing").GetDouble());
        Assert.Equal(expected.Faithfulness, actual.GetProperty("faithfulness").GetDouble());
        Assert.Equal(expected.Completeness, actual.GetProperty("completeness").GetDouble());
    }

    private static void AssertSame(CircuitCurve expected, JsonElement actual)
    {
        Assert.Equal((expected.Cpr, expected.Cmd), (actual.GetProperty("cpr").GetDouble(), actual.GetProperty("cmd").GetDouble()));
        Assert.Equal(
            expected.Points,
            actual.GetProperty("points").EnumerateArray().Select(point =>
                new CircuitCurvePoint(point.GetProperty("fraction").GetDouble(), point.GetProperty("edges").GetInt32(), point.GetProperty("faithfulness").GetDouble())));
    }

    private static void AssertRefused(string words, (int ExitCode, string Output, string Error) run)
    {
        Assert.Equal((2, string.Empty), (run.ExitCode, run.Output));
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    private string At(string name) => _given.Folder.PathOf(name);

    private (int ExitCode, string Output, string Error) Run(string circuit, params string[] arguments) =>
        CommandLine.Run(["evaluate", "--circuit", At(circuit), "--model", _given.Model, "--task", _given.Task, .. arguments]);
}
