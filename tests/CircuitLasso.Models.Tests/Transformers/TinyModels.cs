namespace CircuitLasso.Models.Tests;

/// <summary>Small random models that between them use every choice of the block description.</summary>
internal static class TinyModels
{
    public static string[] Names => ["gpt2", "llama", "parallel", "no_norm_bidirectional_free_width", "layer_norm_without_parameters_own_outputs"];

    public static TransformerModel Create(string name)
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
            "layer_norm_without_parameters_own_outputs" => Describe(
                NormalizationKind.LayerWithoutParameters, Attention(2, 2, 4, bias: true), new MlpDescription(9, Activation.Relu, false, true)) with
            { TiedEmbeddings = false, OutputSize = 5, HasUnembeddingBias = true },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };
        return new TransformerModel(description, ParameterInitializer.Random(description, 7, deviation: 0.3f));
    }

    private static ModelDescription Describe(NormalizationKind norm, AttentionDescription attention, MlpDescription mlp) => new()
    {
        Family = "test",
        Layers = 2,
        Width = 12,
        VocabularySize = 13,
        MaximumPositions = 12,
        LearnedPositions = true,
        TiedEmbeddings = true,
        Normalization = new NormalizationDescription(norm, 1e-5f),
        Attention = attention,
        Mlp = mlp,
    };

    private static AttentionDescription Attention(int heads, int keyHeads, int width, bool bias) => new()
    {
        Heads = heads,
        KeyValueHeads = keyHeads,
        HeadWidth = width,
        HasInputBias = bias,
        HasOutputBias = bias,
        ScoreScales = [1 / MathF.Sqrt(width), 1 / MathF.Sqrt(width)],
    };
}
