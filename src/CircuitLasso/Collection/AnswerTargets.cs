using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>The two answers of each row, scored by the model at the row's last position.</summary>
internal static class AnswerTargets
{
    // As in ActivationRunner: a large vocabulary must not decide how much memory a chunk takes.
    private const int LogitsAtOnce = 1 << 22;

    /// <summary>Logit of the first answer less that of the second, and log-probability of the first, row by row.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="path">The text file, for messages.</param>
    /// <param name="rows">The texts, with their answers among the kept columns.</param>
    /// <param name="answers">Names of the two columns.</param>
    /// <param name="finalResiduals">The last residual stream of each text's last position.</param>
    /// <exception cref="InputException">An answer is not one token.</exception>
    public static (float[] Differences, float[] LogProbabilities) Compute(
        TransformerModel model, Tokenizer tokenizer, string path, TextRow[] rows, (string First, string Second) answers, float[] finalResiduals)
    {
        if (!model.Description.PredictsTokens)
        {
            throw new InputException(path, "its answers need a model that predicts tokens, and this one has other outputs", "collect without answers");
        }

        int[] first = [.. rows.Select(row => Token(model, tokenizer, path, row, answers.First))];
        int[] second = [.. rows.Select(row => Token(model, tokenizer, path, row, answers.Second))];
        float[] differences = new float[rows.Length];
        float[] logProbabilities = new float[rows.Length];
        int width = model.Description.Width;
        int slice = Math.Max(1, LogitsAtOnce / model.Description.OutputSize);
        using IDisposable mode = GradientMode.Disable();
        for (int start = 0; start < rows.Length; start += slice)
        {
            int count = Math.Min(slice, rows.Length - start);
            using TensorScope scope = new();
            Tensor logits = model.Unembed(Tensor.FromValues(finalResiduals.AsSpan(start * width, count * width), count, width));
            Tensor firstLogits = logits.GatherLast(first.AsSpan(start, count));
            firstLogits.Subtract(logits.GatherLast(second.AsSpan(start, count))).ToArray().CopyTo(differences, start);
            logits.LogSoftmax().GatherLast(first.AsSpan(start, count)).ToArray().CopyTo(logProbabilities, start);
        }

        return (differences, logProbabilities);
    }

    private static int Token(TransformerModel model, Tokenizer tokenizer, string path, TextRow row, string column)
    {
        string answer = row.KeptColumns[column];
        return AnswerToken.Find(tokenizer, answer, model.Description.VocabularySize)
            ?? throw new InputException(path, $"line {row.Line}: the answer '{answer}' is not one token of the model", "give answers of one token, with the space before them where the tokenizer wants one");
    }
}
