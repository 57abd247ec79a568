using CircuitLasso.Models;

namespace CircuitLasso.InterpBench;

/// <summary>The architecture of the model that a program is trained into.</summary>
public static class LowLevelModel
{
    /// <summary>The description of a program's model, in TransformerLens's layout.</summary>
    /// <param name="program">The program.</param>
    /// <exception cref="Numerics.InputException">The program asks for a nonlinearity that is not known.</exception>
    public static ModelDescription Describe(KnownProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        LowLevelShape shape = program.Shape;
        return new ModelDescription
        {
            Family = "hooked_transformer",
            Layers = shape.Layers,
            Width = shape.Width,
            VocabularySize = program.VocabularySize,
            OutputSize = program.OutputSize,
            MaximumPositions = program.SequenceLength,
            LearnedPositions = true,
            TiedEmbeddings = false,
            HasUnembeddingBias = true,
            Normalization = new NormalizationDescription(shape.HasNorm ? NormalizationKind.LayerWithoutParameters : NormalizationKind.None, 1e-5f),
            Attention = new AttentionDescription
            {
                Heads = shape.Heads,
                KeyValueHeads = shape.Heads,
                HeadWidth = shape.HeadWidth,
                HasInputBias = true,
                HasOutputBias = true,
                Causal = program.IsCausal,
                ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(shape.HeadWidth), shape.Layers)],
            },
            Mlp = new MlpDescription(
                shape.HiddenWidth,
                shape.Activation switch
                {
                    "gelu" => Activation.Gelu,
                    "gelu_new" => Activation.GeluTanh,
                    "relu" => Activation.Relu,
                    string other => throw new Numerics.InputException(program.Id, $"the nonlinearity '{other}' is not known", "use gelu, gelu_new or relu"),
                },
                Gated: false,
                HasBias: true),
        };
    }
}
