using System.Globalization;
using System.Text.Json;
using CircuitLasso.Tests;

namespace CircuitLasso.Cli.Tests;

public sealed class PlantedModelCommandsTests
{
    [Fact]
    public void Three_commands_lead_from_texts_to_the_planted_path_and_to_what_is_left_of_the_answer_without_it()
    {
        using PlantedLanguageModel planted = new(1);
        string texts = planted.PathOf("texts.tsv"), pairs = planted.PathOf("pairs.jsonl"), store = planted.PathOf("store"), circuit = planted.PathOf("answer.circuit");
        File.WriteAllLines(texts, PlantedTexts.Draw(101, 400).Select(text => $"{text}\t{PlantedTexts.RightAnswer}\t{PlantedTexts.WrongAnswer}").Prepend("text\tright\twrong"));
        File.WriteAllLines(pairs, PlantedTexts.DrawPairs(201, 50).Select(pair => JsonSerializer.Serialize(
            new { clean_prefix = pair.Clean, patch_prefix = pair.Corrupt, clean_answer = PlantedTexts.RightAnswer, patch_answer = PlantedTexts.WrongAnswer })));
        string[] model = ["--model", planted.Folder, "--sae", .. planted.AutoencoderFolders];
        Assert.Contains("2,800 rows", Run("collect", [.. model, "--text", texts, "--text-column", "text", "--answers", "right,wrong", "--pool", "none", "--out", store]), StringComparison.Ordinal);

        string learnt = Run("learn", ["--store", store, "--target", "logitdiff", "--positions", "--out", circuit]);
        Assert.Contains("logitdiff: held-out R2 0.99", learnt, StringComparison.Ordinal);
        Assert.Contains("4 nodes and 3 edges in the circuit", learnt, StringComparison.Ordinal);
        string[] path = [.. planted.PlantedPath.Select(planted.Sites.NameOf), "logits"];
        Assert.All(path.Zip(path.Skip(1)), edge => Assert.Contains($"{edge.First} -> {edge.Second}", learnt, StringComparison.Ordinal));
        Assert.Equal(path.Order(StringComparer.Ordinal), CircuitFile.Read(circuit).NodesInCircuit().Order(StringComparer.Ordinal));

        string measured = Run("evaluate", ["--circuit", circuit, .. model, "--task", pairs]);
        Assert.Contains("50 pairs; 3 of ", measured, StringComparison.Ordinal);
        Assert.All((string[])["nodes", "edges, learned", "edges, recomputed"], ablated =>
        {
            // The row ends in faithfulness and completeness.
            string row = Assert.Single(measured.Split('\n'), line => line.TrimStart().StartsWith(ablated + " ", StringComparison.Ordinal));
            double[] figures = [.. row.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2..].Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))];
            Assert.Equal(1, figures[0], 0.05);
            Assert.Equal(0, figures[1], 0.02);
        });
    }

    private static string Run(string command, string[] arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run([command, .. arguments]);
        Assert.True(exitCode == ExitCode.Done, error);
        return output;
    }
}
