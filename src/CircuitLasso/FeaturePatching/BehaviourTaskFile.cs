using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// A file of pairs in the formats of <see cref="TaskFile"/>, read into a <see cref="BehaviourTask"/>: answers may be several tokens long. Immutable.
/// </summary>
/// <remarks>
/// Where both answers are one token, they are asked for after the text. Otherwise a pair becomes two texts, the text with the right answer and the text with the wrong one but for their last
/// tokens, and the log-probabilities of an answer's tokens are summed; the corrupt text goes on with the same answer. Answers must leave the text's own tokens as they are.
/// </remarks>
public sealed class BehaviourTaskFile
{
    private BehaviourTaskFile(BehaviourTask task, string sha256, string? message) => (Task, Sha256, Message) = (task, sha256, message);

    /// <summary>The pairs that can be used.</summary>
    public BehaviourTask Task { get; }

    /// <summary>SHA-256 of the file, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>One line for people on what was left out, or null where nothing was.</summary>
    public string? Message { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">The model's tokenizer; what it puts before every text is put before these.</param>
    /// <param name="model">The model.</param>
    /// <param name="maximumPairs">How many usable pairs are taken, from the first on; all if null.</param>
    /// <exception cref="InputException">There is no such file, it is in neither format, or none of its pairs can be used.</exception>
    public static BehaviourTaskFile Read(string path, Tokenizer tokenizer, TransformerModel model, int? maximumPairs = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumPairs ?? 1, 1, nameof(maximumPairs));
        (IReadOnlyList<TaskPair> pairs, string sha256) = TaskFileReader.Read(path);
        List<BehaviourText> texts = [];
        (int used, int unequal, int unspeakable, int tooLong) = (0, 0, 0, 0);
        foreach (TaskPair pair in pairs)
        {
            if (used == maximumPairs)
            {
                break;
            }

            int[] clean = Encode(tokenizer, pair.Clean);
            int[] corrupt = Encode(tokenizer, pair.Corrupt);
            BehaviourText[]? asked = clean.Length == 0 || clean.Length != corrupt.Length ? null : Ask(used, tokenizer, model, pair, clean, corrupt);
            if (clean.Length == 0 || clean.Length != corrupt.Length)
            {
                unequal++;
            }
            else if (asked is null)
            {
                unspeakable++;
            }
            else if (Array.Exists(asked, text => text.Clean.Length > model.Description.MaximumPositions))
            {
                tooLong++;
            }
            else
            {
                texts.AddRange(asked);
                used++;
            }
        }

        (int Count, string Why)[] leftOut =
        [
            (unequal, "with texts of unequal length in tokens"), (unspeakable, "with answers that are no two different continuations of the text in tokens"), (tooLong, "longer than the model's positions"),
        ];
        string left = string.Join(", ", leftOut.Where(part => part.Count > 0).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count} {part.Why}")));
        if (used == 0)
        {
            throw new InputException(path, "no pair can be used: " + left, "give pairs that suit the model's tokenizer");
        }

        BehaviourTask task = new(Path.GetFileNameWithoutExtension(path), texts);
        task.RequireFits(model);
        return new BehaviourTaskFile(task, sha256, left.Length > 0 ? string.Create(CultureInfo.InvariantCulture, $"{used} pairs are used; left out: {left}") : null);
    }

    private static int[] Encode(Tokenizer tokenizer, string text) => [.. tokenizer.IdsBeforeText, .. tokenizer.Encode(text, addSpecialTokens: false)];

    private static BehaviourText[]? Ask(int pair, Tokenizer tokenizer, TransformerModel model, TaskPair texts, int[] clean, int[] corrupt)
    {
        int? answer = AnswerToken.Find(tokenizer, texts.Answer, model.Description.OutputSize);
        int? wrong = AnswerToken.Find(tokenizer, texts.WrongAnswer, model.Description.OutputSize);
        if (answer is not null && wrong is not null)
        {
            int last = clean.Length - 1;
            return answer == wrong ? null : [new BehaviourText(pair, clean, corrupt, [new BehaviourTerm(last, answer.Value, 1), new BehaviourTerm(last, wrong.Value, -1)])];
        }

        int[]? right = Continuation(tokenizer, texts.Clean, texts.Answer, clean);
        int[]? other = Continuation(tokenizer, texts.Clean, texts.WrongAnswer, clean);
        return right is null || other is null || right.SequenceEqual(other) || right.Concat(other).Any(token => token >= model.Description.OutputSize) ? null : [Along(right, 1), Along(other, -1)];

        BehaviourText Along(int[] tokens, float weight) => new(
            pair, [.. clean, .. tokens[..^1]], [.. corrupt, .. tokens[..^1]], [.. tokens.Select((token, i) => new BehaviourTerm(clean.Length - 1 + i, token, weight))]);
    }

    private static int[]? Continuation(Tokenizer tokenizer, string text, string answer, int[] prefix)
    {
        int[] whole = Encode(tokenizer, text + answer);
        return whole.Length > prefix.Length && whole.AsSpan(0, prefix.Length).SequenceEqual(prefix) ? whole[prefix.Length..] : null;
    }
}
