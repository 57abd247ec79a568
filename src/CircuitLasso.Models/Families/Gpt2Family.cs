using System.Text.Json;

namespace CircuitLasso.Models;

/// <summary>
/// GPT-2 as Hugging Face stores it: learned positions, layer norm, a fused query-key-value matrix, and all block matrices transposed (Conv1D).
/// </summary>
public sealed class Gpt2Family : IModelFamily
{
    private const string UnembeddingName = "lm_head.weight";
    private static readonly JsonSerializerOptions _jsonOptions = new() { WriteIndented = true };

    /// <inheritdoc/>
    public string ModelType => "gpt2";

    /// <inheritdoc/>
    public string TensorPrefix => "transformer.";

    /// <inheritdoc/>
    public ModelDescription Describe(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        int width = configuration.Integer("n_embd");
        int heads = configuration.Integer("n_head");
        int layers = configuration.Integer("n_layer", maximum: 4096);
        if (width % heads != 0)
        {
            throw configuration.Unsupported("n_head", $"{heads} heads do not divide the width {width}");
        }

        if (configuration.Flag("add_cross_attention", false))
        {
            throw configuration.Unsupported("add_cross_attention", "cross-attention is not supported");
        }

        int headWidth = width / heads;
        float scale = configuration.Flag("scale_attn_weights", true) ? 1 / MathF.Sqrt(headWidth) : 1;
        bool byLayer = configuration.Flag("scale_attn_by_inverse_layer_idx", false);
        ModelDescription description = new()
        {
            Family = ModelType,
            Layers = layers,
            Width = width,
            VocabularySize = configuration.Integer("vocab_size"),
            MaximumPositions = configuration.Integer("n_positions"),
            LearnedPositions = true,
            TiedEmbeddings = configuration.Flag("tie_word_embeddings", true),
            Normalization = new NormalizationDescription(NormalizationKind.Layer, (float)configuration.Number("layer_norm_epsilon", 1e-5)),
            Attention = new AttentionDescription
            {
                Heads = heads,
                KeyValueHeads = heads,
                HeadWidth = headWidth,
                HasInputBias = true,
                HasOutputBias = true,
                ScoreScales = [.. Enumerable.Range(0, layers).Select(layer => byLayer ? scale / (layer + 1) : scale)],
            },
            Mlp = new MlpDescription(configuration.Integer("n_inner", 4 * width), configuration.Activation("activation_function", "gelu_new"), Gated: false, HasBias: true),
        };

        // The length of the mask that older versions kept.
        configuration.PassOver("n_ctx");
        configuration.RequireNothingElse();
        return description;
    }

    /// <inheritdoc/>
    public ParameterLocation Locate(ModelDescription description, ParameterShape parameter)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(parameter);
        int width = description.Width;
        string block = $"h.{parameter.Key.Layer}.";
        ParameterLocation Fused(string name, int part, bool transposed) =>
            new(block + name, transposed ? [width, 3 * width] : [3 * width], 3 * width, output => (part * width) + output);
        return parameter.Key.Role switch
        {
            ParameterRole.TokenEmbedding => ParameterLocation.Direct("wte.weight", parameter) with { AlternativeName = description.TiedEmbeddings ? UnembeddingName : null },
            ParameterRole.PositionEmbedding => ParameterLocation.Direct("wpe.weight", parameter),
            ParameterRole.AttentionNormGain => ParameterLocation.Direct(block + "ln_1.weight", parameter),
            ParameterRole.AttentionNormBias => ParameterLocation.Direct(block + "ln_1.bias", parameter),
            ParameterRole.QueryWeight => Fused("attn.c_attn.weight", 0, true),
            ParameterRole.KeyWeight => Fused("attn.c_attn.weight", 1, true),
            ParameterRole.ValueWeight => Fused("attn.c_attn.weight", 2, true),
            ParameterRole.QueryBias => Fused("attn.c_attn.bias", 0, false),
            ParameterRole.KeyBias => Fused("attn.c_attn.bias", 1, false),
            ParameterRole.ValueBias => Fused("attn.c_attn.bias", 2, false),
            ParameterRole.OutputWeight => ParameterLocation.Transposed(block + "attn.c_proj.weight", parameter),
            ParameterRole.OutputBias => ParameterLocation.Direct(block + "attn.c_proj.bias", parameter),
            ParameterRole.MlpNormGain => ParameterLocation.Direct(block + "ln_2.weight", parameter),
            ParameterRole.MlpNormBias => ParameterLocation.Direct(block + "ln_2.bias", parameter),
            ParameterRole.MlpUpWeight => ParameterLocation.Transposed(block + "mlp.c_fc.weight", parameter),
            ParameterRole.MlpUpBias => ParameterLocation.Direct(block + "mlp.c_fc.bias", parameter),
            ParameterRole.MlpDownWeight => ParameterLocation.Transposed(block + "mlp.c_proj.weight", parameter),
            ParameterRole.MlpDownBias => ParameterLocation.Direct(block + "mlp.c_proj.bias", parameter),
            ParameterRole.FinalNormGain => ParameterLocation.Direct("ln_f.weight", parameter),
            ParameterRole.FinalNormBias => ParameterLocation.Direct("ln_f.bias", parameter),
            ParameterRole.Unembedding => ParameterLocation.Direct(UnembeddingName, parameter),
            _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter.Key.Role, "GPT-2 has no such parameter."),
        };
    }

    /// <inheritdoc/>
    public bool IsBuffer(ModelDescription description, string tensorName)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(tensorName);
        bool mask = tensorName.StartsWith("h.", StringComparison.Ordinal)
            && (tensorName.EndsWith(".attn.bias", StringComparison.Ordinal) || tensorName.EndsWith(".attn.masked_bias", StringComparison.Ordinal));
        return mask || (description.TiedEmbeddings && tensorName == UnembeddingName);
    }

    /// <summary>The <c>config.json</c> of a GPT-2-style description, for saving a model.</summary>
    /// <exception cref="ArgumentException">The description is not one that GPT-2's config can state.</exception>
    public static string WriteConfiguration(ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        Gpt2Family family = new();
        string json = JsonSerializer.Serialize(
            new SortedDictionary<string, object>(StringComparer.Ordinal)
            {
                ["activation_function"] = description.Mlp.Activation switch
                {
                    Activation.Gelu => "gelu",
                    Activation.GeluTanh => "gelu_new",
                    Activation.Silu => "silu",
                    _ => "relu",
                },
                ["architectures"] = new[] { "GPT2LMHeadModel" },
                ["layer_norm_epsilon"] = (double)(decimal)description.Normalization.Epsilon,
                ["model_type"] = family.ModelType,
                ["n_embd"] = description.Width,
                ["n_head"] = description.Attention.Heads,
                ["n_inner"] = description.Mlp.HiddenWidth,
                ["n_layer"] = description.Layers,
                ["n_positions"] = description.MaximumPositions,
                ["tie_word_embeddings"] = description.TiedEmbeddings,
                ["torch_dtype"] = "float32",
                ["vocab_size"] = description.VocabularySize,
            },
            _jsonOptions) + "\n";
        ModelDescription read = family.Describe(ModelConfiguration.Parse("config.json", System.Text.Encoding.UTF8.GetBytes(json)));
        bool same = read.Parameters().Select(p => (p.Key, string.Join(',', p.Shape))).SequenceEqual(description.Parameters().Select(p => (p.Key, string.Join(',', p.Shape))))
            && read.Normalization == description.Normalization && read.Mlp == description.Mlp && description.Attention.Causal && !description.ParallelSublayers && description.HasNoScalesLimitsOrWindows && description.Attention.Rotary is null
            && read.Attention.ScoreScales.SequenceEqual(description.Attention.ScoreScales);
        return same ? json : throw new ArgumentException("A GPT-2 config cannot state this architecture.", nameof(description));
    }
}
