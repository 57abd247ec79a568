namespace CircuitLasso.Models;

/// <summary>Llama as Hugging Face stores it: rotary positions (Llama 3's scaling too), root-mean-square norm, gated MLP, grouped keys and values.</summary>
public sealed class LlamaFamily : IModelFamily
{
    /// <inheritdoc/>
    public string ModelType => "llama";

    /// <inheritdoc/>
    public string TensorPrefix => DecoderTensors.Prefix;

    /// <inheritdoc/>
    public ModelDescription Describe(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        (int heads, int keyValueHeads, int headWidth) = DecoderFields.Heads(configuration, requiresKeyHeads: false);
        int layers = configuration.Integer("num_hidden_layers", maximum: 4096);
        bool attentionBias = configuration.Flag("attention_bias", false);
        ModelDescription description = new()
        {
            Family = ModelType,
            Layers = layers,
            Width = configuration.Integer("hidden_size"),
            VocabularySize = configuration.Integer("vocab_size"),
            MaximumPositions = configuration.Integer("max_position_embeddings", 2048),
            LearnedPositions = false,
            TiedEmbeddings = configuration.Flag("tie_word_embeddings", false),
            Normalization = new NormalizationDescription(NormalizationKind.RootMeanSquare, (float)configuration.Number("rms_norm_eps", 1e-6)),
            Attention = new AttentionDescription
            {
                Heads = heads,
                KeyValueHeads = keyValueHeads,
                HeadWidth = headWidth,
                HasInputBias = attentionBias,
                HasOutputBias = attentionBias,
                Rotary = DecoderFields.Rotary(configuration, headWidth),
                ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(headWidth), layers)],
            },
            Mlp = new MlpDescription(configuration.Integer("intermediate_size"), configuration.Activation("hidden_act", "silu"), Gated: true, HasBias: configuration.Flag("mlp_bias", false)),
        };
        configuration.RequireNothingElse();
        return description;
    }

    /// <inheritdoc/>
    public ParameterLocation Locate(ModelDescription description, ParameterShape parameter) => DecoderTensors.Locate(description, parameter);

    /// <inheritdoc/>
    public bool IsBuffer(ModelDescription description, string tensorName) => DecoderTensors.IsBuffer(description, tensorName);
}
