namespace CircuitLasso.Models.Tests;

/// <summary>Small random models that between them use every choice of the block description. Compiled into CircuitLasso.Tests as well.</summary>
internal static class TinyTransformers
{
    public const int Vocabulary = 13;

    /// <summary>All of them.</summary>
    public static string[] All => [.. OfVocabulary, "layer_norm_without_parameters_own_outputs", "rms_without_parameters"];

    /// <summary>Those whose outputs are the tokens of the vocabulary.</summary>
    public static TheoryData<string> Names => new(OfVocabulary);

    private static string[] OfVocabulary => ["gpt2", "llama", "parallel", "no_norm_bidirectional_free_width", "neox", "gemma", "qwen"];

    public static TransformerModel Create(string name, ulong seed = 7)
    {
        ModelDescription description = name switch
        {
            "gpt2" => Describe(NormalizationKind.Layer, Attention(3, 3, 4, bias: true), new MlpDescription(20, Activation.GeluTanh, false, true)),
            "llama" => Describe(
                NormalizationKind.RootMeanSquare,
                Attention(4, 2, 6, bias: false) with { Rotary = RotaryDescription.FromBase(6, 10000) },
                new MlpDescription(10, Activation.Silu, true, false)) with
            { LearnedPositions = false, TiedEmbeddings = false },
            "parallel" => Describe(NormalizationKind.Layer, Attention(2, 1, 6, bias: true), new MlpDescription(16, Activation.Gelu, false, true)) with { ParallelSublayers = true },
            "no_norm_bidirectional_free_width" => Describe(
                NormalizationKind.None, Attention(2, 2, 5, bias: true) with { Causal = false }, new MlpDescription(9, Activation.Gelu, false, true)),
            "neox" => Describe(
                NormalizationKind.Layer,
                Attention(3, 3, 6, bias: true) with { Rotary = RotaryDescription.FromBase(4, 100) },
                new MlpDescription(16, Activation.Gelu, false, true)) with
            { LearnedPositions = false, TiedEmbeddings = false, ParallelSublayers = true },
            "gemma" => Describe(
                NormalizationKind.RootMeanSquare,
                Attention(4, 2, 6, bias: false) with { Rotary = RotaryDescription.FromBase(6, 100), ScoreSoftCap = 2, Windows = [2, null], ScoreScales = [.. Enumerable.Repeat(0.6f, 8)] },
                new MlpDescription(10, Activation.GeluTanh, true, false)) with
            {
                LearnedPositions = false,
                Normalization = new NormalizationDescription(NormalizationKind.RootMeanSquare, 1e-3f) { GainOffset = 1 },
                NormalizesSublayerOutputs = true,
                EmbeddingScale = 3.5f,
                LogitSoftCap = 4,
            },
            "qwen" => Describe(
                NormalizationKind.RootMeanSquare,
                Attention(4, 2, 6, bias: false) with
                {
                    HasInputBias = true,
                    Rotary = RotaryDescription.FromBase(6, 1000),
                    HeadNormalization = new NormalizationDescription(NormalizationKind.RootMeanSquare, 1e-3f),
                    Windows = [null, 3],
                },
                new MlpDescription(10, Activation.Silu, true, false)) with
            { LearnedPositions = false },
            "layer_norm_without_parameters_own_outputs" => Describe(
                NormalizationKind.LayerWithoutParameters, Attention(2, 2, 4, bias: true), new MlpDescription(9, Activation.Relu, false, true)) with
            { TiedEmbeddings = false, OutputSize = 5, HasUnembeddingBias = true },
            "rms_without_parameters" => Describe(
                NormalizationKind.RootMeanSquareWithoutParameters, Attention(2, 2, 4, bias: true), new MlpDescription(9, Activation.Relu, false, true)) with
            { HasUnembeddingBias = true },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };
        return new TransformerModel(description, WithBiases(description, seed));
    }

    public static ModelDescription Describe(NormalizationKind norm, AttentionDescription attention, MlpDescription mlp, int layers = 2) => new()
    {
        Family = "test",
        Layers = layers,
        Width = 12,
        VocabularySize = Vocabulary,
        MaximumPositions = 12,
        LearnedPositions = true,
        TiedEmbeddings = true,
        Normalization = new NormalizationDescription(norm, 1e-5f),
        Attention = attention,
        Mlp = mlp,
    };

    public static AttentionDescription Attention(int heads, int keyHeads, int width, bool bias) => new()
    {
        Heads = heads,
        KeyValueHeads = keyHeads,
        HeadWidth = width,
        HasInputBias = bias,
        HasOutputBias = bias,
        ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(width), 8)],
    };

    /// <summary>Random parameters, the biases and gains too.</summary>
    public static ModelParameters WithBiases(ModelDescription description, ulong seed)
    {
        ModelParameters parameters = ParameterInitializer.Random(description, seed, deviation: 0.3f);
        Random random = new((int)seed);
        foreach (ParameterKey key in parameters.Keys)
        {
            if (parameters[key].Rank == 1)
            {
                parameters[key].CopyFrom([.. parameters[key].ToArray().Select(value => value + (float)((0.4 * random.NextDouble()) - 0.2))]);
            }
        }

        return parameters;
    }

    /// <summary>Random texts; pairs of the same seed apart from <paramref name="corrupt"/> have equal lengths.</summary>
    public static int[][] Texts(int[] lengths, int seed, bool corrupt = false)
    {
        Random random = new(seed + (corrupt ? 1000 : 0));
        return [.. lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(Vocabulary)).ToArray())];
    }
}
