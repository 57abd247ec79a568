using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.GrammarTraining;

/// <summary>How often a model prefers the grammatical word of a minimal pair, phenomenon by phenomenon.</summary>
internal static class TwinAccuracy
{
    private const int Batch = 256;

    public static SortedDictionary<string, double> Measure(TransformerModel model, Tokenizer tokenizer, IReadOnlyList<GrammarExample> examples)
    {
        SortedDictionary<string, (int Right, int All)> counts = new(StringComparer.Ordinal);
        using IDisposable mode = GradientMode.Disable();
        foreach (GrammarExample[] chunk in examples.Chunk(Batch))
        {
            using TensorScope scope = new();
            TokenBatch batch = new([.. chunk.Select(example => tokenizer.Encode(example.Prefix))]);
            float[] logits = model.Forward(batch, logitPositions: LogitPositions.Last).ToArray();
            int vocabulary = model.Description.VocabularySize;
            for (int i = 0; i < chunk.Length; i++)
            {
                float a = logits[(i * vocabulary) + Id(tokenizer, chunk[i].AnswerA)];
                float b = logits[(i * vocabulary) + Id(tokenizer, chunk[i].AnswerB)];
                bool right = chunk[i].Grammatical == GrammaticalAnswer.A ? a > b : b > a;
                (int sum, int all) = counts.GetValueOrDefault(chunk[i].Phenomenon);
                counts[chunk[i].Phenomenon] = (sum + (right ? 1 : 0), all + 1);
            }
        }

        return new(counts.ToDictionary(pair => pair.Key, pair => (double)pair.Value.Right / pair.Value.All), StringComparer.Ordinal);
    }

    private static int Id(Tokenizer tokenizer, string word) => tokenizer.IdOf(word) ?? throw new InvalidOperationException($"'{word}' is not in the vocabulary");
}
