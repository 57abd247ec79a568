using System.Text;
using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>Programs and recorded runs for the tests.</summary>
internal static class ProgramFixtures
{
    /// <summary>The 17 described programs of the shared data, by id; skips the running test where they are missing.</summary>
    public static IEnumerable<(KnownProgram Program, JsonElement Entry)> SharedPrograms()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("interpbench", "cases.json")));
        JsonElement[] entries = [.. document.RootElement.Clone().EnumerateArray()];
        return entries.Select(entry => (Parse(entry.GetRawText()), entry));
    }

    public static KnownProgram Parse(string json) => KnownProgram.Parse("a program", Encoding.UTF8.GetBytes(json));

    /// <summary>Token ids of words as a file writes them, the beginning-of-sequence token before them where it is not the first word.</summary>
    public static int[] TokenIds(KnownProgram program, JsonElement words)
    {
        IEnumerable<string> texts = words.EnumerateArray().Select(word => word.ValueKind == JsonValueKind.String ? word.GetString()! : word.GetRawText());
        int[] ids = [.. texts.Select(text => program.TokenIds[text])];
        return ids[0] == program.BeginningToken ? ids : [program.BeginningToken, .. ids];
    }

    /// <summary>What the program puts out, as text: class names and numbers, "null" for the null class; the first token left out.</summary>
    public static string[] Run(KnownProgram program, ReadOnlySpan<int> ids, string? swapped = null, ReadOnlySpan<int> source = default)
    {
        ProgramInterpreter interpreter = new(program);
        if (program.IsRegression)
        {
            float[] numbers = new float[ids.Length];
            if (swapped is null)
            {
                interpreter.Run(ids, numbers);
            }
            else
            {
                interpreter.RunWithSwap(swapped, ids, source, numbers);
            }

            Assert.Equal(0, numbers[0]);
            return [.. numbers.Skip(1).Select(Number)];
        }

        int[] classes = new int[ids.Length];
        if (swapped is null)
        {
            interpreter.Run(ids, classes);
        }
        else
        {
            interpreter.RunWithSwap(swapped, ids, source, classes);
        }

        return [.. classes.Skip(1).Select(index => index == program.Classes.Count ? "null" : program.Classes[index].Json)];
    }

    /// <summary>Recorded outputs as <see cref="Run"/> writes them.</summary>
    public static string[] Expected(KnownProgram program, JsonElement output) =>
        [.. output.EnumerateArray().Select(value => program.IsRegression ? Number((float)value.GetDouble()) : Json(value))];

    public static string Json(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null ? "null" : JsonSerializer.Serialize(value);

    private static string Number(float number) => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
