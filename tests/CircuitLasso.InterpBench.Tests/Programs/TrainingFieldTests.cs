using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>The 'training' member of a program file.</summary>
public sealed class TrainingFieldTests
{
    [Fact]
    public void Every_field_that_training_honours_is_read()
    {
        SiitOptions read = Read(
            """
            {
              "lr": 0.002, "lr_scheduler": "linear", "adam_betas": [0.8, 0.95], "clip_grad_norm": 0.1, "batch_size": 32, "iit_weight": 2, "behavior_weight": 0.4, "strict_weight": 10,
              "siit_sampling": "mixed", "early_stop_accuracy_threshold": 99.8, "seed": 67, "steps": 60, "steps_per_evaluation": 20, "evaluation_pairs": 50, "favours_lagging": true,
              "outside_scale": 0.1
            }
            """);

        SiitOptions expected = new()
        {
            LearningRate = 0.002f,
            Schedule = SiitSchedule.Linear,
            Beta1 = 0.8f,
            Beta2 = 0.95f,
            GradientClip = 0.1,
            PairsPerStep = 32,
            InterchangeWeight = 2,
            BehaviourWeight = 0.4f,
            StrictWeight = 10,
            Strictness = SiitStrictness.Mixed,
            Threshold = 0.998,
            Seed = 67,
            Steps = 60,
            StepsPerEvaluation = 20,
            EvaluationPairs = 50,
            FavoursLagging = true,
            OutsideScale = 0.1f,
        };
        Assert.Equal(expected, read);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"lr\": null, \"lr_scheduler\": null, \"early_stop_accuracy_threshold\": null, \"seed\": null}")]
    [InlineData("{\"use_single_loss\": false, \"epochs\": 2000, \"val_iia_sampling\": \"random\", \"samples_default\": 15000}")]
    public void What_is_left_out_or_null_or_has_no_counterpart_leaves_the_defaults(string training) => Assert.Equal(new SiitOptions(), Read(training));

    [Theory]
    [InlineData("individual", SiitStrictness.Individual)]
    [InlineData("sample_all", SiitStrictness.All)]
    [InlineData("all", SiitStrictness.All)]
    public void InterpBenchs_names_of_strict_sampling_are_understood(string name, SiitStrictness strictness) =>
        Assert.Equal(strictness, Read($"{{\"siit_sampling\": \"{name}\"}}").Strictness);

    [Theory]
    [InlineData("\"lr\": 2", "'lr'")]
    [InlineData("\"lr_scheduler\": \"plateau\"", "'lr_scheduler'")]
    [InlineData("\"siit_sampling\": \"some\"", "'siit_sampling'")]
    [InlineData("\"adam_betas\": [0.9]", "'adam_betas'")]
    [InlineData("\"adam_betas\": [0.9, 1]", "'adam_betas'")]
    [InlineData("\"early_stop_accuracy_threshold\": 101", "'early_stop_accuracy_threshold'")]
    [InlineData("\"favours_lagging\": 1", "'favours_lagging'")]
    [InlineData("\"steps\": 0", "'steps'")]
    [InlineData("\"rate\": 1", "'rate'")]
    public void A_wrong_field_is_refused_by_name(string field, string named) =>
        Assert.Contains(named, Assert.Throws<Numerics.InputException>(() => Read("{" + field + "}")).Message, StringComparison.Ordinal);

    [Fact]
    public void Described_cases_load_with_InterpBenchs_values()
    {
        Dictionary<string, SiitOptions> options = ProgramFixtures.SharedPrograms().ToDictionary(pair => pair.Program.Id, pair => pair.Program.Training);

        Assert.Equal(17, options.Count);
        Assert.Equal((0.01f, 10f, 0.1), (options["3"].LearningRate, options["3"].StrictWeight, options["3"].GradientClip));
        Assert.Equal((SiitSchedule.Linear, SiitStrictness.All, 67UL, 0.999), (options["8"].Schedule, options["8"].Strictness, options["8"].Seed, options["8"].Threshold));
        Assert.Equal((512, 0.9f), (options["ioi"].PairsPerStep, options["ioi"].Beta2));
    }

    [Theory]
    [InlineData("published", SiitStrictness.Individual, 1)]
    [InlineData("clean", SiitStrictness.Mixed, 0)]
    public void The_programs_carry_the_recipes_of_the_embedded_models(string set, SiitStrictness strictness, ulong seed)
    {
        JsonSerializerOptions snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } };
        foreach (KnownProgram program in KnownPrograms.All)
        {
            string log = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "assets", "interpbench", set, program.Id, "training.json"));
            SiitOptions? logged = JsonDocument.Parse(log).RootElement.GetProperty("options").Deserialize<SiitOptions>(snake);

            // One outside node at a time is learned in half the steps.
            int steps = program.Id == "ioi" && set == "published" ? 3000 : program.Training.Steps;
            Assert.Equal(program.Training with { Strictness = strictness, Seed = seed, Steps = steps }, logged);
        }
    }

    private static SiitOptions Read(string training) => ProgramFixtures.Parse(
        $$$"""
        {
          "id": "majority", "input_vocab": ["a", "b"], "n_ctx": 4, "training": {{{training}}},
          "program": {
            "nodes": [{ "id": "tokens", "op": "tokens" }, { "id": "is_b", "op": "map", "inputs": ["tokens"], "table": [["a", "no"], ["b", "yes"]] }],
            "output": "is_b"
          }
        }
        """).Training;
}
