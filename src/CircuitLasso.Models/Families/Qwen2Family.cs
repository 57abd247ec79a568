namespace CircuitLasso.Models;

/// <summary>Qwen 2 and 2.5 as Hugging Face stores them: like Llama, with biases of queries, keys and values, and where the config switches it on a window in the later layers.</summary>
public sealed class Qwen2Family : IModelFamily
{
    /// <inheritdoc/>
    public string ModelType => "qwen2";

    /// <inheritdoc/>
    public string TensorPrefix => DecoderTensors.Prefix;

    /// <inheritdoc/>
    public ModelDescription Describe(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        (int heads, int keyValueHeads, int headWidth) = DecoderFields.Heads(configuration, requiresKeyHeads: true);
        int layers = configuration.Integer("num_hidden_layers", maximum: 4096);
        ModelDescription description = new()
        {
            Family = ModelType,
            Layers = layers,
            Width = configuration.Integer("hidden_size"),
            VocabularySize = configuration.Integer("vocab_size"),
            MaximumPositions = configuration.Integer("max_position_embeddings", 32768),
            LearnedPositions = false,
            TiedEmbeddings = configuration.Flag("tie_word_embeddings", false),
            Normalization = new NormalizationDescription(NormalizationKind.RootMeanSquare, (float)configuration.Number("rms_norm_eps", 1e-6)),
            Attention = new AttentionDescription
            {
                Heads = heads,
                KeyValueHeads = keyValueHeads,
                HeadWidth = headWidth,
                HasInputBias = true,
                Windows = DecoderFields.LaterWindows(configuration, layers),
                Rotary = DecoderFields.Rotary(configuration, headWidth),
                ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(headWidth), layers)],
            },
            Mlp = new MlpDescription(configuration.Integer("intermediate_size"), configuration.Activation("hidden_act", "silu"), Gated: true, HasBias: false),
        };
        configuration.RequireNothingElse();
        return description;
    }

    /// <inheritdoc/>
    public ParameterLocation Locate(ModelDescription description, ParameterShape parameter) => DecoderTensors.Locate(description, parameter);

    /// <inheritdoc/>
    public bool IsBuffer(ModelDescription description, string tensorName) => DecoderTensors.IsBuffer(description, tensorName);
}
