using System.Text.Json;
using System.Text.Json.Serialization;

namespace CircuitLasso.InterpBench;

/// <summary>The log that a training leaves beside its model, as JSON: settings, every evaluation, and the scores of the model that was kept. No clock times.</summary>
public static class TrainingLog
{
    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The log as text; the same training gives the same text.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">Settings.</param>
    /// <param name="result">How it ended.</param>
    public static string Write(KnownProgram program, SiitOptions options, SiitTrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(result);
        return JsonSerializer.Serialize(
            new
            {
                Program = program.Id,
                Options = options,
                result.ReachedThreshold,
                result.Step,
                result.Scores.Accuracy,
                InterchangeAccuracy = result.Scores.MeanInterchange,
                StrictAccuracy = result.Scores.MeanStrict,
                AccuracyWithAllOutsideNodesSwapped = result.Scores.AllOutside,
                InterchangeByNode = result.Scores.Interchange,
                StrictByNode = result.Scores.Strict,
                Evaluations = result.Points,
            },
            _json) + "\n";
    }
}
