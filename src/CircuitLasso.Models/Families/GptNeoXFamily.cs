namespace CircuitLasso.Models;

/// <summary>
/// GPT-NeoX and Pythia as Hugging Face stores them: layer norm, rotary positions on a part of each head, attention and MLP side by side unless the config says otherwise, a fused
/// query-key-value matrix whose rows are grouped by head, and an unembedding of its own.
/// </summary>
public sealed class GptNeoXFamily : IModelFamily
{
    private const string UnembeddingName = "embed_out.weight";

    /// <inheritdoc/>
    public string ModelType => "gpt_neox";

    /// <inheritdoc/>
    public string TensorPrefix => "gpt_neox.";

    /// <inheritdoc/>
    public ModelDescription Describe(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        int width = configuration.Integer("hidden_size");
        int heads = configuration.Integer("num_attention_heads");
        int layers = configuration.Integer("num_hidden_layers", maximum: 4096);
        if (width % heads != 0)
        {
            throw configuration.Unsupported("num_attention_heads", $"{heads} heads do not divide the width {width}");
        }

        int headWidth = width / heads;
        bool attentionBias = configuration.Flag("attention_bias", true);
        ModelDescription description = new()
        {
            Family = ModelType,
            Layers = layers,
            Width = width,
            VocabularySize = configuration.Integer("vocab_size"),
            MaximumPositions = configuration.Integer("max_position_embeddings", 2048),
            LearnedPositions = false,
            TiedEmbeddings = configuration.Flag("tie_word_embeddings", false),
            ParallelSublayers = configuration.Flag("use_parallel_residual", true),
            Normalization = new NormalizationDescription(NormalizationKind.Layer, (float)configuration.Number("layer_norm_eps", 1e-5)),
            Attention = new AttentionDescription
            {
                Heads = heads,
                KeyValueHeads = heads,
                HeadWidth = headWidth,
                HasInputBias = attentionBias,
                HasOutputBias = attentionBias,
                Rotary = DecoderFields.Rotary(configuration, headWidth, "rotary_emb_base", "rotary_pct", 0.25),
                ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(headWidth), layers)],
            },
            Mlp = new MlpDescription(configuration.Integer("intermediate_size"), configuration.Activation("hidden_act", "gelu"), Gated: false, HasBias: true),
        };
        configuration.RequireNothingElse();
        return description;
    }

    /// <inheritdoc/>
    public ParameterLocation Locate(ModelDescription description, ParameterShape parameter)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(parameter);
        int width = description.Width;
        int headWidth = description.Attention.HeadWidth;
        string block = $"layers.{parameter.Key.Layer}.";

        // Rows are ordered by head, then query, key, value, then place within the head.
        int Row(int output, int part) => (((output / headWidth * 3) + part) * headWidth) + (output % headWidth);
        ParameterLocation Fused(int part) => new(block + "attention.query_key_value.weight", [3 * width, width], 1, output => Row(output, part) * width);
        ParameterLocation FusedBias(int part) => new(block + "attention.query_key_value.bias", [3 * width], 1, output => Row(output, part));
        return parameter.Key.Role switch
        {
            ParameterRole.TokenEmbedding => ParameterLocation.Direct("embed_in.weight", parameter) with { AlternativeName = description.TiedEmbeddings ? UnembeddingName : null },
            ParameterRole.AttentionNormGain => ParameterLocation.Direct(block + "input_layernorm.weight", parameter),
            ParameterRole.AttentionNormBias => ParameterLocation.Direct(block + "input_layernorm.bias", parameter),
            ParameterRole.QueryWeight => Fused(0),
            ParameterRole.KeyWeight => Fused(1),
            ParameterRole.ValueWeight => Fused(2),
            ParameterRole.QueryBias => FusedBias(0),
            ParameterRole.KeyBias => FusedBias(1),
            ParameterRole.ValueBias => FusedBias(2),
            ParameterRole.OutputWeight => ParameterLocation.Direct(block + "attention.dense.weight", parameter),
            ParameterRole.OutputBias => ParameterLocation.Direct(block + "attention.dense.bias", parameter),
            ParameterRole.MlpNormGain => ParameterLocation.Direct(block + "post_attention_layernorm.weight", parameter),
            ParameterRole.MlpNormBias => ParameterLocation.Direct(block + "post_attention_layernorm.bias", parameter),
            ParameterRole.MlpUpWeight => ParameterLocation.Direct(block + "mlp.dense_h_to_4h.weight", parameter),
            ParameterRole.MlpUpBias => ParameterLocation.Direct(block + "mlp.dense_h_to_4h.bias", parameter),
            ParameterRole.MlpDownWeight => ParameterLocation.Direct(block + "mlp.dense_4h_to_h.weight", parameter),
            ParameterRole.MlpDownBias => ParameterLocation.Direct(block + "mlp.dense_4h_to_h.bias", parameter),
            ParameterRole.FinalNormGain => ParameterLocation.Direct("final_layer_norm.weight", parameter),
            ParameterRole.FinalNormBias => ParameterLocation.Direct("final_layer_norm.bias", parameter),
            ParameterRole.Unembedding => ParameterLocation.Direct(UnembeddingName, parameter),
            _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter.Key.Role, "GPT-NeoX has no such parameter."),
        };
    }

    /// <inheritdoc/>
    public bool IsBuffer(ModelDescription description, string tensorName)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(tensorName);
        bool table = tensorName.StartsWith("layers.", StringComparison.Ordinal)
            && (tensorName.EndsWith(".attention.bias", StringComparison.Ordinal) || tensorName.EndsWith(".attention.masked_bias", StringComparison.Ordinal));
        return table || tensorName.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) || (description.TiedEmbeddings && tensorName == UnembeddingName);
    }
}
