namespace CircuitLasso.Models;

/// <summary>The tensor names that Hugging Face's decoders since Llama share, but for those of norms that a family has beside the usual two.</summary>
internal static class DecoderTensors
{
    public const string Prefix = "model.";
    private const string UnembeddingName = "lm_head.weight";

    /// <summary>Where such a checkpoint keeps a parameter.</summary>
    /// <param name="description">The model.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="mlpNorm">Name of the norm before the MLP.</param>
    /// <param name="attentionOutputNorm">Name of the norm after attention.</param>
    /// <param name="mlpOutputNorm">Name of the norm after the MLP.</param>
    public static ParameterLocation Locate(
        ModelDescription description,
        ParameterShape parameter,
        string mlpNorm = "post_attention_layernorm",
        string attentionOutputNorm = "post_attention_layernorm",
        string mlpOutputNorm = "post_feedforward_layernorm")
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
                ParameterRole.QueryNormGain => block + "self_attn.q_norm.weight",
                ParameterRole.KeyNormGain => block + "self_attn.k_norm.weight",
                ParameterRole.OutputWeight => block + "self_attn.o_proj.weight",
                ParameterRole.OutputBias => block + "self_attn.o_proj.bias",
                ParameterRole.AttentionOutputNormGain => block + attentionOutputNorm + ".weight",
                ParameterRole.MlpNormGain => block + mlpNorm + ".weight",
                ParameterRole.MlpGateWeight => block + "mlp.gate_proj.weight",
                ParameterRole.MlpGateBias => block + "mlp.gate_proj.bias",
                ParameterRole.MlpUpWeight => block + "mlp.up_proj.weight",
                ParameterRole.MlpUpBias => block + "mlp.up_proj.bias",
                ParameterRole.MlpDownWeight => block + "mlp.down_proj.weight",
                ParameterRole.MlpDownBias => block + "mlp.down_proj.bias",
                ParameterRole.MlpOutputNormGain => block + mlpOutputNorm + ".weight",
                ParameterRole.FinalNormGain => "norm.weight",
                ParameterRole.Unembedding => UnembeddingName,
                _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter.Key.Role, "This family has no such parameter."),
            },
            parameter) with
        {
            AlternativeName = parameter.Key.Role == ParameterRole.TokenEmbedding && description.TiedEmbeddings ? UnembeddingName : null,
        };
    }

    /// <summary>Whether a stored tensor is a rotary table, or the copy of tied embeddings.</summary>
    public static bool IsBuffer(ModelDescription description, string tensorName)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(tensorName);
        return tensorName.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || (description.TiedEmbeddings && tensorName == UnembeddingName);
    }
}
