using System.Text;
using System.Text.Json;

namespace CircuitLasso.Models;

/// <summary>
/// TransformerLens's own layout: per-head matrices [heads, inputs, outputs], an unembedding with a bias, and a <c>config.json</c> in the field names of its
/// HookedTransformerConfig. A score is divided by the root of the head width; LN and LNPre are (x - mean) / sqrt(variance + eps), with gain and bias and
/// without; RMS and RMSPre are x / sqrt(mean square + eps), with a gain and without.
/// </summary>
public sealed class HookedTransformerFamily : IModelFamily
{
    private static readonly JsonSerializerOptions _jsonOptions = new() { WriteIndented = true };

    // Of the positions and of local attention that are refused where they are asked for, of loading, and of TransformerLens's own hooks.
    private static readonly string[] _withoutEffect =
    [
        "NTK_by_parts_factor", "NTK_by_parts_high_freq_factor", "NTK_by_parts_low_freq_factor", "NTK_original_ctx_len", "attn_types", "checkpoint_index", "checkpoint_label_type",
        "checkpoint_value", "default_padding_side", "default_prepend_bos", "device", "experts_per_token", "from_checkpoint", "init_mode", "init_weights", "load_in_4bit",
        "model_name", "n_devices", "n_params", "original_architecture", "relative_attention_max_distance", "relative_attention_num_buckets", "rotary_adjacent_pairs", "rotary_base",
        "rotary_base_local", "rotary_dim", "seed", "tokenizer_name", "tokenizer_prepends_bos", "trust_remote_code", "ungroup_grouped_query_attention", "use_NTK_by_parts_rope",
        "use_attn_in", "use_attn_result", "use_hook_mlp_in", "use_hook_tokens", "use_split_qkv_input", "weight_init_mode", "window_size",
    ];

    /// <inheritdoc/>
    public string ModelType => "hooked_transformer";

    /// <inheritdoc/>
    public string TensorPrefix => string.Empty;

    /// <inheritdoc/>
    public ModelDescription Describe(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        RequireSupported(configuration);
        int width = configuration.Integer("d_model");
        int headWidth = configuration.Integer("d_head");
        int heads = configuration.Integer("n_heads", Math.Max(1, width / headWidth));
        int layers = configuration.Integer("n_layers", maximum: 4096);
        int vocabulary = configuration.Integer("d_vocab");
        int outputs = configuration.Integer("d_vocab_out", -1, minimum: -1);
        if ((long)heads * headWidth > ModelConfiguration.LargestInteger)
        {
            throw configuration.Unsupported("d_head", $"{heads} heads of width {headWidth} are more than any model has");
        }

        if (configuration.Integer("n_key_value_heads", heads) != heads)
        {
            throw configuration.Unsupported("n_key_value_heads", "keys and values shared by several heads are not supported in this layout");
        }

        ModelDescription description = new()
        {
            Family = ModelType,
            Layers = layers,
            Width = width,
            VocabularySize = vocabulary,
            OutputSize = outputs switch
            {
                -1 => vocabulary,
                0 => throw configuration.Unsupported("d_vocab_out", "a model without outputs"),
                _ => outputs,
            },
            MaximumPositions = configuration.Integer("n_ctx"),
            LearnedPositions = true,
            TiedEmbeddings = false,
            HasUnembeddingBias = true,
            ParallelSublayers = configuration.Flag("parallel_attn_mlp", false),
            Normalization = new NormalizationDescription(Normalization(configuration), (float)configuration.Number("eps", 1e-5)),
            Attention = new AttentionDescription
            {
                Heads = heads,
                KeyValueHeads = heads,
                HeadWidth = headWidth,
                HasInputBias = true,
                HasOutputBias = true,
                Causal = configuration.Text("attention_dir", "causal") switch
                {
                    "causal" => true,
                    "bidirectional" => false,
                    string other => throw configuration.Unsupported("attention_dir", $"'{other}' is neither causal nor bidirectional"),
                },
                ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(headWidth), layers)],
            },
            Mlp = new MlpDescription(configuration.Integer("d_mlp", Math.Min(4 * width, ModelConfiguration.LargestInteger)), configuration.Activation("act_fn"), Gated: false, HasBias: true),
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
        int heads = description.Attention.Heads;
        int headWidth = description.Attention.HeadWidth;
        string block = $"blocks.{parameter.Key.Layer}.";
        ParameterLocation PerHead(string name) =>
            new(block + name, [heads, width, headWidth], headWidth, output => (output / headWidth * width * headWidth) + (output % headWidth));
        ParameterLocation PerHeadBias(string name) => new(block + name, [heads, headWidth]);
        return parameter.Key.Role switch
        {
            ParameterRole.TokenEmbedding => ParameterLocation.Direct("embed.W_E", parameter),
            ParameterRole.PositionEmbedding => ParameterLocation.Direct("pos_embed.W_pos", parameter),
            ParameterRole.AttentionNormGain => ParameterLocation.Direct(block + "ln1.w", parameter),
            ParameterRole.AttentionNormBias => ParameterLocation.Direct(block + "ln1.b", parameter),
            ParameterRole.QueryWeight => PerHead("attn.W_Q"),
            ParameterRole.KeyWeight => PerHead("attn.W_K"),
            ParameterRole.ValueWeight => PerHead("attn.W_V"),
            ParameterRole.QueryBias => PerHeadBias("attn.b_Q"),
            ParameterRole.KeyBias => PerHeadBias("attn.b_K"),
            ParameterRole.ValueBias => PerHeadBias("attn.b_V"),
            ParameterRole.OutputWeight => new(block + "attn.W_O", [heads, headWidth, width], width, output => output),
            ParameterRole.OutputBias => ParameterLocation.Direct(block + "attn.b_O", parameter),
            ParameterRole.MlpNormGain => ParameterLocation.Direct(block + "ln2.w", parameter),
            ParameterRole.MlpNormBias => ParameterLocation.Direct(block + "ln2.b", parameter),
            ParameterRole.MlpUpWeight => ParameterLocation.Transposed(block + "mlp.W_in", parameter),
            ParameterRole.MlpUpBias => ParameterLocation.Direct(block + "mlp.b_in", parameter),
            ParameterRole.MlpDownWeight => ParameterLocation.Transposed(block + "mlp.W_out", parameter),
            ParameterRole.MlpDownBias => ParameterLocation.Direct(block + "mlp.b_out", parameter),
            ParameterRole.FinalNormGain => ParameterLocation.Direct("ln_final.w", parameter),
            ParameterRole.FinalNormBias => ParameterLocation.Direct("ln_final.b", parameter),
            ParameterRole.Unembedding => ParameterLocation.Transposed("unembed.W_U", parameter),
            ParameterRole.UnembeddingBias => ParameterLocation.Direct("unembed.b_U", parameter),
            _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter.Key.Role, "This layout has no such parameter."),
        };
    }

    /// <inheritdoc/>
    public bool IsBuffer(ModelDescription description, string tensorName)
    {
        ArgumentNullException.ThrowIfNull(tensorName);
        return tensorName.StartsWith("blocks.", StringComparison.Ordinal)
            && (tensorName.EndsWith(".attn.mask", StringComparison.Ordinal) || tensorName.EndsWith(".attn.IGNORE", StringComparison.Ordinal));
    }

    /// <summary>The <c>config.json</c> of a description, for saving a model.</summary>
    /// <exception cref="ArgumentException">The description is not one that this layout's config can state.</exception>
    public static string WriteConfiguration(ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        HookedTransformerFamily family = new();
        string json = JsonSerializer.Serialize(
            new SortedDictionary<string, object?>(StringComparer.Ordinal)
            {
                ["act_fn"] = description.Mlp.Activation switch
                {
                    Activation.Gelu => "gelu",
                    Activation.GeluTanh => "gelu_new",
                    Activation.Silu => "silu",
                    _ => "relu",
                },
                ["attention_dir"] = description.Attention.Causal ? "causal" : "bidirectional",
                ["d_head"] = description.Attention.HeadWidth,
                ["d_mlp"] = description.Mlp.HiddenWidth,
                ["d_model"] = description.Width,
                ["d_vocab"] = description.VocabularySize,
                ["d_vocab_out"] = description.OutputSize,
                ["eps"] = (double)(decimal)description.Normalization.Epsilon,
                ["model_type"] = family.ModelType,
                ["n_ctx"] = description.MaximumPositions,
                ["n_heads"] = description.Attention.Heads,
                ["n_layers"] = description.Layers,
                ["normalization_type"] = description.Normalization.Kind switch
                {
                    NormalizationKind.Layer => "LN",
                    NormalizationKind.LayerWithoutParameters => "LNPre",
                    NormalizationKind.RootMeanSquare => "RMS",
                    NormalizationKind.RootMeanSquareWithoutParameters => "RMSPre",
                    _ => null,
                },
                ["parallel_attn_mlp"] = description.ParallelSublayers,
                ["positional_embedding_type"] = "standard",
            },
            _jsonOptions) + "\n";
        ModelDescription read = family.Describe(ModelConfiguration.Parse("config.json", Encoding.UTF8.GetBytes(json)));
        bool same = read.Parameters().Select(p => (p.Key, string.Join(',', p.Shape))).SequenceEqual(description.Parameters().Select(p => (p.Key, string.Join(',', p.Shape))))
            && read.Normalization == description.Normalization && read.Mlp == description.Mlp && description.Attention.Rotary is null && description.HasNoScalesLimitsOrWindows
            && read.Attention.ScoreScales.SequenceEqual(description.Attention.ScoreScales);
        return same ? json : throw new ArgumentException("The config of this layout cannot state this architecture.", nameof(description));
    }

    // TransformerLens takes an absent type for LN and a null for none.
    private static NormalizationKind Normalization(ModelConfiguration configuration) =>
        configuration.IsNull("normalization_type") ? NormalizationKind.None : configuration.Text("normalization_type", "LN") switch
        {
            "LN" => NormalizationKind.Layer,
            "LNPre" => NormalizationKind.LayerWithoutParameters,
            "RMS" => NormalizationKind.RootMeanSquare,
            "RMSPre" => NormalizationKind.RootMeanSquareWithoutParameters,
            string other => throw configuration.Unsupported("normalization_type", $"'{other}' is not known here (LN, LNPre, RMS, RMSPre and null are)"),
        };

    private static void RequireSupported(ModelConfiguration configuration)
    {
        foreach (string field in (string[])["attn_only", "gated_mlp", "use_local_attn", "scale_attn_by_inverse_layer_idx", "post_embedding_ln", "use_normalization_before_and_after", "shortformer_pos"])
        {
            configuration.RequireAmong(field, "false");
        }

        configuration.RequireAmong("use_attn_scale", "true");
        configuration.RequireAmong("positional_embedding_type", "\"standard\"");
        configuration.RequireAmong("attn_scores_soft_cap", "-1.0", "-1");
        configuration.RequireAmong("output_logits_soft_cap", "-1.0", "-1");
        configuration.RequireAmong("num_experts");
        configuration.PassOver(_withoutEffect);
        double root = Math.Sqrt(configuration.Integer("d_head"));
        if (configuration.Raw("attn_scale") is not ("-1.0" or "-1") && Math.Abs(configuration.Number("attn_scale", root) - root) > 1e-6 * root)
        {
            throw configuration.Unsupported("attn_scale", "only the root of d_head is supported");
        }
    }
}
