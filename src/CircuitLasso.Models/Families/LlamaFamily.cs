namespace CircuitLasso.Models;

/// <summary>Llama as Hugging Face stores it: rotary positions, root-mean-square norm, gated MLP, grouped keys and values.</summary>
public sealed class LlamaFamily : IModelFamily
{
    private const string UnembeddingName = "lm_head.weight";

    /// <inheritdoc/>
    public string ModelType => "llama";

    /// <inheritdoc/>
    public string TensorPrefix => "model.";

    /// <inheritdoc/>
    public ModelDescription Describe(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        int width = configuration.Integer("hidden_size");
        int heads = configuration.Integer("num_attention_heads");
        int layers = configuration.Integer("num_hidden_layers", maximum: 4096);
        int keyValueHeads = configuration.Integer("num_key_value_heads", heads);
        if (heads % keyValueHeads != 0)
        {
            throw configuration.Unsupported("num_key_value_heads", $"{keyValueHeads} key heads do not divide {heads} query heads");
        }

        if (!configuration.Has("head_dim") && width % heads != 0)
        {
            throw configuration.Unsupported("num_attention_heads", $"{heads} heads do not divide the width {width}");
        }

        int headWidth = configuration.Integer("head_dim", width / heads);
        if (headWidth % 2 != 0)
        {
            throw configuration.Unsupported("head_dim", $"rotary positions need an even head width, not {headWidth}");
        }

        if ((long)heads * headWidth > ModelConfiguration.LargestInteger)
        {
            throw configuration.Unsupported("head_dim", $"{heads} heads of width {headWidth} are more than any model has");
        }

        bool attentionBias = configuration.Flag("attention_bias", false);
        return new ModelDescription
        {
            Family = ModelType,
            Layers = layers,
            Width = width,
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
                Rotary = Rotary(configuration, headWidth),
                ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(headWidth), layers)],
            },
            Mlp = new MlpDescription(
                configuration.Integer("intermediate_size"), configuration.Activation("hidden_act", "silu"), Gated: true, HasBias: configuration.Flag("mlp_bias", false)),
        };
    }

    /// <inheritdoc/>
    public ParameterLocation Locate(ModelDescription description, ParameterShape parameter)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(parameter);
        string block = $"layers.{parameter.Key.Layer}.";
        return ParameterLocation.Direct(
            parameter.Key.Role switch
            {
                ParameterRole.TokenEmbedding => "embed_tokens.weight",
                ParameterRole.AttentionNormGain => block + "input_layernorm.weight",
                ParameterRole.QueryWeight => block + "self_attn.q_proj.weight",
                ParameterRole.QueryBias => block + "self_attn.q_proj.bias",
                ParameterRole.KeyWeight => block + "self_attn.k_proj.weight",
                ParameterRole.KeyBias => block + "self_attn.k_proj.bias",
                ParameterRole.ValueWeight => block + "self_attn.v_proj.weight",
                ParameterRole.ValueBias => block + "self_attn.v_proj.bias",
                ParameterRole.OutputWeight => block + "self_attn.o_proj.weight",
                ParameterRole.OutputBias => block + "self_attn.o_proj.bias",
                ParameterRole.MlpNormGain => block + "post_attention_layernorm.weight",
                ParameterRole.MlpGateWeight => block + "mlp.gate_proj.weight",
                ParameterRole.MlpGateBias => block + "mlp.gate_proj.bias",
                ParameterRole.MlpUpWeight => block + "mlp.up_proj.weight",
                ParameterRole.MlpUpBias => block + "mlp.up_proj.bias",
                ParameterRole.MlpDownWeight => block + "mlp.down_proj.weight",
                ParameterRole.MlpDownBias => block + "mlp.down_proj.bias",
                ParameterRole.FinalNormGain => "norm.weight",
                ParameterRole.Unembedding => UnembeddingName,
                _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter.Key.Role, "Llama has no such parameter."),
            },
            parameter) with
        {
            AlternativeName = parameter.Key.Role == ParameterRole.TokenEmbedding && description.TiedEmbeddings ? UnembeddingName : null,
        };
    }

    /// <inheritdoc/>
    public bool IsBuffer(ModelDescription description, string tensorName)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(tensorName);
        return tensorName.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || (description.TiedEmbeddings && tensorName == UnembeddingName);
    }

    // transformers before 5 writes rope_theta and rope_scaling; 5 writes both into rope_parameters.
    private static RotaryDescription Rotary(ModelConfiguration configuration, int headWidth)
    {
        ModelConfiguration? section = configuration.Section("rope_parameters") ?? configuration.Section("rope_scaling");
        double theta = section?.Has("rope_theta") == true ? section.Number("rope_theta") : configuration.Number("rope_theta", 10000);
        foreach (ModelConfiguration place in (ModelConfiguration[])[configuration, section ?? configuration])
        {
            if (place.Number("partial_rotary_factor", 1) != 1)
            {
                throw place.Unsupported("partial_rotary_factor", "rotating a part of each head is not supported");
            }
        }

        string type = section is null ? "default" : section.Text("rope_type", section.Text("type", "default"));
        return type switch
        {
            "default" => RotaryDescription.FromBase(headWidth, theta),
            "llama3" => Llama3(section!, headWidth, theta),
            _ => throw configuration.Unsupported("rope_scaling", $"type '{type}' is not known here (default and llama3 are)"),
        };
    }

    private static RotaryDescription Llama3(ModelConfiguration section, int headWidth, double theta)
    {
        double low = section.Number("low_freq_factor");
        double high = section.Number("high_freq_factor");
        return high > low
            ? RotaryDescription.FromLlama3(headWidth, theta, section.Number("factor"), low, high, section.Number("original_max_position_embeddings"))
            : throw section.Unsupported("high_freq_factor", "is not above low_freq_factor, and nothing lies between them");
    }
}
