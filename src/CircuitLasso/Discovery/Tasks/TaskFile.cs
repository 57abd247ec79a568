using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A file of clean and corrupt texts with answers, read with a model's tokenizer into a <see cref="DiscoveryTask"/>. Immutable.</summary>
/// <remarks>
/// Two formats. The ioi format is one JSON object with a list <c>prompts</c> of objects <c>clean</c>, <c>corrupt</c>, <c>answers</c> and <c>wrong_answers</c> (lists of one text each), as
/// UFO-101/auto-circuit writes it. The agreement format is one JSON object a line with <c>clean_prefix</c>, <c>patch_prefix</c>, <c>clean_answer</c> and <c>patch_answer</c>, as
/// saprmarks/feature-circuits writes it. The task asks for the logit difference after the last token.
/// </remarks>
public sealed class TaskFile
{
    private TaskFile(DiscoveryTask task, string sha256, int unequal, int unspeakable, int tooLong)
    {
        Task = task;
        Sha256 = sha256;
        UnequalPairs = unequal;
        UnspeakablePairs = unspeakable;
        TooLongPairs = tooLong;
    }

    /// <summary>The pairs that can be used.</summary>
    public DiscoveryTask Task { get; }

    /// <summary>SHA-256 of the file, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Pairs left out because their two texts have different numbers of tokens.</summary>
    public int UnequalPairs { get; }

    /// <summary>Pairs left out because their answers are not two different single tokens of the model.</summary>
    public int UnspeakablePairs { get; }

    /// <summary>Pairs left out because they have more tokens than the model has positions.</summary>
    public int TooLongPairs { get; }

    /// <summary>One line for people on what was left out, or null where nothing was.</summary>
    public string? Message => Left(UnequalPairs, UnspeakablePairs, TooLongPairs) is { Length: > 0 } left
        ? string.Create(CultureInfo.InvariantCulture, $"{Task.Count} pairs are used; left out: {left}")
        : null;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">The model's tokenizer; what it puts before every text is put before these.</param>
    /// <param name="model">The model.</param>
    /// <param name="maximumPairs">How many usable pairs are taken, from the first on; all if null.</param>
    /// <exception cref="InputException">There is no such file, it is in neither format, or none of its pairs can be used.</exception>
    public static TaskFile Read(string path, Tokenizer tokenizer, TransformerModel model, int? maximumPairs = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumPairs ?? 1, 1, nameof(maximumPairs));
        (IReadOnlyList<TaskPair> pairs, string sha256) = TaskFileReader.Read(path);
        List<int[]> clean = [];
        List<int[]> corrupt = [];
        List<int> correct = [];
        List<int> wrong = [];
        (int unequal, int unspeakable, int tooLong) = (0, 0, 0);
        foreach (TaskPair pair in pairs)
        {
            if (clean.Count == maximumPairs)
            {
                break;
            }

            // What a tokenizer puts after a text would stand between the text and its continuation.
            int[] first = [.. tokenizer.IdsBeforeText, .. tokenizer.Encode(pair.Clean, addSpecialTokens: false)];
            int[] second = [.. tokenizer.IdsBeforeText, .. tokenizer.Encode(pair.Corrupt, addSpecialTokens: false)];
            int? answer = AnswerToken.Find(tokenizer, pair.Answer, model.Description.OutputSize);
            int? other = AnswerToken.Find(tokenizer, pair.WrongAnswer, model.Description.OutputSize);
            if (first.Length != second.Length || first.Length == 0)
            {
                unequal++;
            }
            else if (answer is null || other is null || answer == other)
            {
                unspeakable++;
            }
            else if (first.Length > model.Description.MaximumPositions)
            {
                tooLong++;
            }
            else
            {
                clean.Add(first);
                corrupt.Add(second);
                correct.Add(answer.Value);
                wrong.Add(other.Value);
            }
        }

        if (clean.Count == 0)
        {
            throw new InputException(path, "no pair can be used: " + Left(unequal, unspeakable, tooLong), "give pairs that suit the model's tokenizer");
        }

        DiscoveryTask task = DiscoveryTask.OfAnswers(Path.GetFileNameWithoutExtension(path), clean, corrupt, correct, wrong);
        task.RequireFits(model);
        return new TaskFile(task, sha256, unequal, unspeakable, tooLong);
    }

    private static string Left(int unequal, int unspeakable, int tooLong)
    {
        List<string> parts = [];
        Add(unequal, "with texts of unequal length in tokens");
        Add(unspeakable, "with answers that are not two different single tokens");
        Add(tooLong, "longer than the model's positions");
        return string.Join(", ", parts);

        void Add(int count, string why)
        {
            if (count > 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {why}"));
            }
        }
    }
}
