using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>The models that come with the project, measured anew, and what the methods find in them.</summary>
public sealed class EmbeddedModelTests
{
    private static readonly string[] _synthetic = [.. KnownPrograms.All.Select(program => program.Id).Where(id => id != "ioi")];

    [Theory]
    [InlineData("published", false)]
    [InlineData("clean", true)]
    public void Every_model_of_a_set_computes_its_program_by_its_circuit(string set, bool withAllOutsideSwapped)
    {
        ModelSet models = ModelSet.Embedded(set);
        Assert.Equal(KnownPrograms.All.Select(program => program.Id), models.Cases);
        foreach (string name in _synthetic)
        {
            using KnownModel known = models.Open(name);
            Assert.InRange(known.Accuracy!.Value, 0.995, 1);

            SiitScores scores = SiitEvaluation.Measure(
                known.Model, new SiitScheme(known.Program, known.Model.Description), new SiitSampler(known.Program).Evaluation(77, 150), TestContext.Current.CancellationToken);

            double smallest = scores.Smallest(withAllOutsideSwapped ? SiitStrictness.Mixed : SiitStrictness.Individual);
            Assert.True(smallest >= 0.98, $"case {name} of {set}: {smallest}");
        }
    }

    [Theory]
    [InlineData("published")]
    [InlineData("clean")]
    public void The_model_of_indirect_object_identification_has_the_figures_of_its_log_node_by_node(string set)
    {
        const int Pairs = 200;
        using KnownModel known = ModelSet.Embedded(set).Open("ioi");
        string file = Path.Combine(SharedData.RepositoryRoot, "assets", "interpbench", set, "ioi", KnownCircuitTraining.LogFile);
        JsonElement log = JsonDocument.Parse(File.ReadAllText(file)).RootElement;

        SiitScores scores = SiitEvaluation.Measure(
            known.Model, new SiitScheme(known.Program, known.Model.Description), new SiitSampler(known.Program).Evaluation(78, Pairs), TestContext.Current.CancellationToken);

        AssertAgree("accuracy", log.GetProperty("accuracy").GetDouble(), scores.Accuracy);
        AssertAgree("all outside", log.GetProperty("accuracy_with_all_outside_nodes_swapped").GetDouble(), scores.AllOutside);
        Assert.Equal(["a1.h1", "a2.h1", "a4.h1", "m0"], scores.Interchange.Keys);
        Assert.All(scores.Interchange, node => AssertAgree(node.Key, log.GetProperty("interchange_by_node").GetProperty(node.Key).GetDouble(), node.Value));
        Assert.Equal(26, scores.Strict.Count);
        Assert.All(scores.Strict, node => AssertAgree(node.Key, log.GetProperty("strict_by_node").GetProperty(node.Key).GetDouble(), node.Value));

        // Four deviations of a share of so many pairs, and two pairs for shares near 1.
        void AssertAgree(string what, double recorded, double measured) =>
            Assert.True(Math.Abs(recorded - measured) <= (4 * Math.Sqrt(recorded * (1 - recorded) / Pairs)) + (2.0 / Pairs), $"{what}: {recorded} in the log, {measured} measured");
    }

    [Theory]
    [InlineData("lasso", "8", "13", "29", "37")]
    [InlineData("lasso-nonlinear", "8", "29", "34", "35", "37")]
    public void Regressions_find_the_circuit_of_cases_that_no_rule_was_chosen_on(string method, params string[] cases)
    {
        ModelSet models = ModelSet.Embedded("clean");
        foreach (string name in cases)
        {
            using KnownModel known = models.Open(name);
            ComponentDiscovery found = DiscoveryMethods.Named(method).Discover(known.Model, KnownCircuitTask.Draw(known.Program, 300, 5), new DiscoveryOptions());

            Assert.Equal(0, CircuitFigures.HammingDistanceOf(found.InCircuit, CircuitTruth.Of(known.Program)));
        }
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void Case_3_is_trained_from_scratch_to_the_threshold_and_its_circuit_is_found()
    {
        using TemporaryFolder folder = new();
        string output = folder.PathOf("3");
        KnownProgram program = KnownPrograms.Find("3")!;

        SiitTrainingResult result = KnownCircuitTraining.Run(program, new SiitOptions { Strictness = SiitStrictness.Mixed, Steps = 4000, Seed = 5 }, output);

        Assert.True(result.ReachedThreshold);
        using TransformerModel model = ModelCheckpoint.Load(output);
        ComponentDiscovery found = DiscoveryMethods.Named("lasso").Discover(model, KnownCircuitTask.Draw(program, 500, 6), new DiscoveryOptions());
        CircuitFigures figures = CircuitFigures.Of(found.Scores, found.InCircuit, CircuitTruth.Of(program));
        Assert.InRange(figures.HammingDistance, 0, 1);
        Assert.InRange(figures.AreaUnderCurve, 0.95, 1);
    }
}
