using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class BenchTrainTests : IDisposable
{
    private const string Program =
        """
        {
          "id": "majority", "input_vocab": ["a", "b"], "n_ctx": 4, "attention": "causal", "output": "classification",
          "program": {
            "nodes": [
              { "id": "tokens", "op": "tokens", "inputs": [] },
              { "id": "is_b", "op": "map", "inputs": ["tokens"], "table": [["a", "no"], ["b", "yes"]] }
            ],
            "output": "is_b"
          }
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public BenchTrainTests() => File.WriteAllText(ProgramFile, Program);

    private string ProgramFile => _folder.PathOf("majority.json");

    private string Out => _folder.PathOf("model");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_program_is_trained_to_the_threshold_and_the_folder_holds_a_model_that_other_commands_read()
    {
        (int exitCode, string output, string error) = CommandLine.Run("bench", "train", "--program", ProgramFile, "--out", Out, "--strict", "mixed", "--seed", "3", "--json");

        Assert.True(exitCode == 0, error);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(
            [
                "program", "folder", "reached_threshold", "step", "accuracy", "interchange_accuracy", "strict_accuracy", "accuracy_with_all_outside_nodes_swapped",
            ],
            root.EnumerateObject().Select(property => property.Name));
        Assert.True(root.GetProperty("reached_threshold").GetBoolean());
        Assert.InRange(root.GetProperty("accuracy").GetDouble(), 0.99, 1);
        JsonElement log = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "training.json"))).RootElement;
        Assert.Equal("mixed", log.GetProperty("options").GetProperty("strictness").GetString());
        Assert.Equal(root.GetProperty("strict_accuracy").GetDouble(), log.GetProperty("strict_accuracy").GetDouble());
        Assert.Equal(0, CommandLine.Run("model", "info", Out).ExitCode);
    }

    [Fact]
    public void A_missed_threshold_is_said_and_ends_in_exit_code_3_with_the_best_model_kept()
    {
        (int exitCode, string output, string error) = CommandLine.Run("bench", "train", "--program", ProgramFile, "--out", Out, "--steps", "1");

        Assert.Equal(3, exitCode);
        Assert.StartsWith("step 1: accuracy ", output, StringComparison.Ordinal);
        Assert.Contains("the threshold of 99.5 % was not reached in 1 steps; the best model is kept", error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Out, "model.safetensors")));
    }

    [Fact]
    public void The_program_states_how_it_is_trained_and_options_on_the_command_line_win()
    {
        File.WriteAllText(ProgramFile, Program.Replace(
            "\"output\": \"classification\"",
            "\"output\": \"classification\", \"training\": {\"lr\": 0.003, \"batch_size\": 8, \"steps\": 3, \"seed\": 7, \"siit_sampling\": \"mixed\", \"iit_weight\": 2}",
            StringComparison.Ordinal));

        Assert.Equal(3, CommandLine.Run("bench", "train", "--program", ProgramFile, "--out", Out, "--steps", "2", "--seed", "9").ExitCode);

        JsonElement options = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "training.json"))).RootElement.GetProperty("options");
        Assert.Equal((2, 9), (options.GetProperty("steps").GetInt32(), options.GetProperty("seed").GetInt32()));
        Assert.Equal((0.003f, 8, 2f), (options.GetProperty("learning_rate").GetSingle(), options.GetProperty("pairs_per_step").GetInt32(), options.GetProperty("interchange_weight").GetSingle()));
        Assert.Equal("mixed", options.GetProperty("strictness").GetString());
    }

    [Theory]
    [InlineData("\"map\"", "\"mop\"", "is_b")]
    [InlineData("\"inputs\": [\"tokens\"]", "\"inputs\": [\"is_b\"]", "is_b")]
    [InlineData(", [\"b\", \"yes\"]", "", "is_b")]
    public void A_wrong_program_ends_in_one_line_that_names_the_node(string old, string replacement, string node)
    {
        File.WriteAllText(ProgramFile, Program.Replace(old, replacement, StringComparison.Ordinal));

        (int exitCode, string output, string error) = CommandLine.Run("bench", "train", "--program", ProgramFile, "--out", Out);

        Assert.Equal((2, string.Empty), (exitCode, output));
        Assert.StartsWith("error: " + ProgramFile, error, StringComparison.Ordinal);
        Assert.Contains($"'{node}'", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(Out));
    }

    [Theory]
    [InlineData("--steps", "0")]
    [InlineData("--seed", "-1")]
    [InlineData("--outside-scale", "-1")]
    [InlineData("--pairs", "0")]
    [InlineData("--learning-rate", "-1")]
    [InlineData("--threshold", "2")]
    public void Options_out_of_range_are_refused(string option, string value)
    {
        (int exitCode, _, string error) = CommandLine.Run("bench", "train", "--program", ProgramFile, "--out", Out, option, value);

        Assert.Equal(2, exitCode);
        Assert.Contains(option, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }
}
