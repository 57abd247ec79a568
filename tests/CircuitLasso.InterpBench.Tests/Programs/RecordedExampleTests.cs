using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>Compares the interpreter with runs recorded from InterpBench's own programs.</summary>
public sealed class RecordedExampleTests
{
    [Fact]
    public void All_recorded_examples_come_out_with_every_variable()
    {
        (int compared, _) = Compare(File.ReadAllBytes(SharedData.Require("interpbench", "examples.json")), [.. ProgramFixtures.SharedPrograms().Select(pair => pair.Program)]);
        Assert.Equal(340, compared);
    }

    [Fact]
    public void All_recorded_interchanges_come_out()
    {
        (_, int compared) = Compare(File.ReadAllBytes(SharedData.Require("interpbench", "examples.json")), [.. ProgramFixtures.SharedPrograms().Select(pair => pair.Program)]);
        Assert.Equal(160, compared);
    }

    /// <summary>Compares every example of a file with the programs; returns how many examples and interchanges there were.</summary>
    internal static (int Examples, int Interchanges) Compare(byte[] file, IReadOnlyList<KnownProgram> programs)
    {
        using JsonDocument document = JsonDocument.Parse(file);
        int examples = 0;
        int interchanges = 0;
        foreach (JsonElement entry in document.RootElement.EnumerateArray())
        {
            KnownProgram program = programs.Single(program => program.Id == entry.GetProperty("id").GetString());
            foreach (JsonElement example in entry.GetProperty("examples").EnumerateArray())
            {
                CompareExample(program, example);
                examples++;
            }

            foreach (JsonElement interchange in entry.GetProperty("interchange").EnumerateArray())
            {
                CompareInterchange(program, interchange);
                interchanges++;
            }
        }

        return (examples, interchanges);
    }

    private static void CompareExample(KnownProgram program, JsonElement example)
    {
        int[] ids = ProgramFixtures.TokenIds(program, example.GetProperty("input"));
        if (example.TryGetProperty("output", out JsonElement output))
        {
            Assert.Equal(ProgramFixtures.Expected(program, output), ProgramFixtures.Run(program, ids));
        }
        else
        {
            Assert.Equal(example.GetProperty("output_last_position").GetString(), program.Classes[Last(program, ids, null, null)].Text);
        }

        ProgramInterpreter interpreter = new(program);
        if (program.IsRegression)
        {
            interpreter.Run(ids, new float[ids.Length]);
        }
        else
        {
            interpreter.Run(ids, new int[ids.Length]);
        }

        foreach (JsonProperty node in example.GetProperty("nodes").EnumerateObject())
        {
            if (node.Name == "name_mover_scores_last_position")
            {
                CompareScores(program, interpreter.LastScores(), node.Value);
                continue;
            }

            string[] values = [.. interpreter.Values(node.Name).Select(value => value?.Json ?? "null")];
            Assert.Equal(node.Value.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Number ? ProgramValue.Of(value.GetDouble()).Json : ProgramFixtures.Json(value)), values);
        }
    }

    private static void CompareScores(KnownProgram program, int[] scores, JsonElement recorded)
    {
        int[] expected = new int[scores.Length];
        foreach (JsonProperty score in recorded.EnumerateObject())
        {
            expected[program.TokenIds[score.Name]] = score.Value.GetInt32();
        }

        Assert.Equal(expected, scores);
    }

    private static void CompareInterchange(KnownProgram program, JsonElement interchange)
    {
        int[] ids = ProgramFixtures.TokenIds(program, interchange.GetProperty("base"));
        int[] source = ProgramFixtures.TokenIds(program, interchange.GetProperty("source"));
        if (interchange.TryGetProperty("outputs", out JsonElement outputs))
        {
            Assert.Equal(interchange.GetProperty("output_without_swap").GetString(), program.Classes[Last(program, ids, null, null)].Text);
            Assert.All(outputs.EnumerateObject(), output => Assert.Equal(output.Value.GetString(), program.Classes[Last(program, ids, output.Name, source)].Text));
            return;
        }

        string component = interchange.GetProperty("component").GetString()!;
        Assert.Equal(ProgramFixtures.Expected(program, interchange.GetProperty("output_without_swap")), ProgramFixtures.Run(program, ids));
        Assert.Equal(ProgramFixtures.Expected(program, interchange.GetProperty("output")), ProgramFixtures.Run(program, ids, component, source));
    }

    private static int Last(KnownProgram program, int[] ids, string? swapped, int[]? source)
    {
        int[] classes = new int[ids.Length];
        if (swapped is null)
        {
            new ProgramInterpreter(program).Run(ids, classes);
        }
        else
        {
            new ProgramInterpreter(program).RunWithSwap(swapped, ids, source, classes);
        }

        return classes[^1];
    }
}
