using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>Small random models in which nothing is zero, and tasks of random texts.</summary>
internal static class RegressionToy
{
    public const int Vocabulary = 7;
    public const int MaximumPositions = 40;

    public static TransformerModel Model(NormalizationKind norm, bool causal, bool parallel = false, int outputs = 3, int seed = 3, bool gated = false)
    {
        ModelDescription description = new()
        {
            Family = "hooked_transformer",
            Layers = 2,
            Width = 6,
            VocabularySize = Vocabulary,
            OutputSize = outputs,
            MaximumPositions = MaximumPositions,
            LearnedPositions = true,
            TiedEmbeddings = false,
            HasUnembeddingBias = true,
            ParallelSublayers = parallel,
            Normalization = new NormalizationDescription(norm, 1e-5f),
            Attention = new AttentionDescription { Heads = 2, KeyValueHeads = 2, HeadWidth = 3, HasInputBias = true, HasOutputBias = true, Causal = causal, ScoreScales = [0.6f, 0.6f] },
            Mlp = new MlpDescription(8, Activation.Gelu, gated, true),
        };
        Random random = new(seed);
        return new TransformerModel(description, new ModelParameters(description, description.Parameters().ToDictionary(
            parameter => parameter.Key,
            parameter => Tensor.FromValues([.. Enumerable.Range(0, parameter.Shape.Aggregate((a, b) => a * b)).Select(_ => (float)(random.NextDouble() - 0.5) * 1.6f)], parameter.Shape))));
    }

    /// <summary>Pairs of random texts of the lengths given in turn, asked at the last token or at all but the first.</summary>
    public static DiscoveryTask Task(int pairs, int[] lengths, bool lastOnly, int classes = 3, int seed = 5)
    {
        Random random = new(seed);
        int[] Text(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(Vocabulary))];
        int[][] clean = [.. Enumerable.Range(0, pairs).Select(pair => Text(lengths[pair % lengths.Length]))];
        int[][] scored = [.. clean.Select(text => lastOnly ? (int[])[text.Length - 1] : [.. Enumerable.Range(1, text.Length - 1)])];
        return new DiscoveryTask
        {
            Name = "toy",
            Clean = clean,
            Corrupt = [.. clean.Select(text => Text(text.Length))],
            ScoredPositions = scored,
            Metric = TaskMetric.CrossEntropy,
            Classes = [.. scored.Select(positions => positions.Select(_ => random.Next(classes)).ToArray())],
        };
    }
}
