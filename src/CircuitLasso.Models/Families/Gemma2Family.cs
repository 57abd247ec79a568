namespace CircuitLasso.Models;

/// <summary>
/// Gemma 2 as Hugging Face stores it: norms before and after each sublayer, whose files hold the gain less 1; the embedding times the root of the width; soft limits of scores
/// and logits; a window in every other layer, the first one included; a scale of the scores of its own; grouped keys and values.
/// </summary>
public sealed class Gemma2Family : IModelFamily
{
    /// <inheritdoc/>
    public string ModelType => "gemma2";

    /// <inheritdoc/>
    public string TensorPrefix => DecoderTensors.Prefix;

    /// <inheritdoc/>
    public ModelDescription Describe(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        (int heads, int keyValueHeads, int headWidth) = DecoderFields.Heads(configuration, requiresKeyHeads: true, defaultHeadWidth: 256);
        int layers = configuration.Integer("num_hidden_layers", maximum: 4096);
        int width = configuration.Integer("hidden_size");
        int? window = configuration.IsNull("sliding_window") ? null : configuration.Integer("sliding_window", 4096);
        if (configuration.Flag("attention_bias", false))
        {
            throw configuration.Unsupported("attention_bias", "biases of attention are not supported in this family");
        }

        if (configuration.Has("hidden_act") && configuration.Activation("hidden_act") != configuration.Activation("hidden_activation", "gelu_pytorch_tanh"))
        {
            throw configuration.Unsupported("hidden_act", "differs from hidden_activation, which is the one that counts");
        }

        ModelDescription description = new()
        {
            Family = ModelType,
            Layers = layers,
            Width = width,
            VocabularySize = configuration.Integer("vocab_size"),
            MaximumPositions = configuration.Integer("max_position_embeddings", 8192),
            LearnedPositions = false,
            TiedEmbeddings = configuration.Flag("tie_word_embeddings", true),
            EmbeddingScale = MathF.Sqrt(width),
            LogitSoftCap = SoftCap(configuration, "final_logit_softcapping", 30),
            NormalizesSublayerOutputs = true,
            Normalization = new NormalizationDescription(NormalizationKind.RootMeanSquare, (float)configuration.Number("rms_norm_eps", 1e-6)) { GainOffset = 1 },
            Attention = new AttentionDescription
            {
                Heads = heads,
                KeyValueHeads = keyValueHeads,
                HeadWidth = headWidth,
                ScoreSoftCap = SoftCap(configuration, "attn_logit_softcapping", 50),
                Windows = DecoderFields.Windows(configuration, layers, window, layer => layer % 2 == 0),
                Rotary = DecoderFields.Rotary(configuration, headWidth),
                ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt((float)configuration.Number("query_pre_attn_scalar", 256)), layers)],
            },
            Mlp = new MlpDescription(configuration.Integer("intermediate_size"), configuration.Activation("hidden_activation", "gelu_pytorch_tanh"), Gated: true, HasBias: false),
        };
        configuration.RequireNothingElse();
        return description;
    }

    /// <inheritdoc/>
    public ParameterLocation Locate(ModelDescription description, ParameterShape parameter) => DecoderTensors.Locate(
        description,
        parameter,
        mlpNorm: "pre_feedforward_layernorm",
        attentionOutputNorm: "post_attention_layernorm",
        mlpOutputNorm: "post_feedforward_layernorm");

    /// <inheritdoc/>
    public bool IsBuffer(ModelDescription description, string tensorName) => DecoderTensors.IsBuffer(description, tensorName);

    // Null switches it off; absent, it is the family's own.
    private static float? SoftCap(ModelConfiguration configuration, string field, float fallback) =>
        configuration.IsNull(field) ? null : (float)configuration.Number(field, fallback);
}
