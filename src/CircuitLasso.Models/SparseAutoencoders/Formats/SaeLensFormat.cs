using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Folders of SAELens, <c>cfg.json</c> and <c>sae_weights.safetensors</c>: standard, gated, jumprelu, topk and transcoders. Before version 6
/// everything stands at the top of the configuration and some fields have older names; since then what is known of the model stands in <c>metadata</c>.
/// </summary>
internal sealed class SaeLensFormat : ISparseAutoencoderFormat
{
    public string Name => "saelens";

    public bool Recognizes(SparseAutoencoderSource source) =>
        source.Configuration is { } configuration && configuration.Has("d_in") && configuration.Has("d_sae") && source.Has("W_enc", "W_dec", "b_dec");

    public SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options)
    {
        ModelConfiguration configuration = source.Configuration!;
        ModelConfiguration metadata = configuration.Section("metadata") ?? configuration.Section("meta") ?? configuration;
        string stated = configuration.Text("architecture", "standard");
        (SparseAutoencoderKind kind, bool transcoder, bool skip) = Kind(configuration, stated);
        RequireSupported(configuration, metadata);
        using SparseAutoencoderReader reader = new(source);
        Read(source, reader, kind, skip);
        RequireWidths(configuration, reader);
        if (configuration.Flag("rescale_acts_by_decoder_norm", false))
        {
            if (kind != SparseAutoencoderKind.TopK)
            {
                throw configuration.Unsupported("rescale_acts_by_decoder_norm", "only topk knows it here");
            }

            // Pre-activations are multiplied by the length of their decoder direction, and features divided by it before they are decoded.
            reader.NormalizeDecoder(unlessNearOne: false);
        }

        Finetune(source, configuration, reader);
        bool centered = options.CentersInput || metadata.Section("model_from_pretrained_kwargs")?.Flag("center_writing_weights", false) == true;
        InputNormalization normalization = Centered(configuration, Normalization(configuration, reader, options, transcoder), centered);
        SparseAutoencoderProvenance provenance = Provenance(source, configuration, metadata, stated, transcoder).With(options);
        SparseAutoencoderArchitecture architecture = new()
        {
            Kind = kind,
            K = kind == SparseAutoencoderKind.TopK ? K(configuration, options) : 0,
            SubtractsDecoderBias = configuration.Flag("apply_b_dec_to_input", !transcoder),
            Normalization = normalization,
            IsTranscoder = transcoder || provenance.IsTranscoder(),
        };
        return reader.Build(architecture, provenance);
    }

    private static (SparseAutoencoderKind Kind, bool IsTranscoder, bool HasSkip) Kind(ModelConfiguration configuration, string stated)
    {
        string activation = configuration.Text("activation_fn", configuration.Text("activation_fn_str", "relu"));
        return (stated, activation) switch
        {
            ("standard", "relu") => (SparseAutoencoderKind.Standard, false, false),
            ("gated", "relu") => (SparseAutoencoderKind.Gated, false, false),
            ("jumprelu", "relu" or "jumprelu") => (SparseAutoencoderKind.JumpRelu, false, false),
            ("topk", _) or ("standard", "topk") => (SparseAutoencoderKind.TopK, false, false),
            ("transcoder", "relu") => (SparseAutoencoderKind.Standard, true, false),
            ("skip_transcoder", "relu") => (SparseAutoencoderKind.Standard, true, true),
            ("jumprelu_transcoder", "relu") => (SparseAutoencoderKind.JumpRelu, true, false),
            _ => throw configuration.Unsupported("architecture", $"'{stated}' with activation '{activation}' is not known here"),
        };
    }

    private static void RequireSupported(ModelConfiguration configuration, ModelConfiguration metadata)
    {
        configuration.RequireAmong("reshape_activations", "\"none\"", "\"hook_z\"");
        metadata.RequireAmong("hook_head_index");
        metadata.RequireAmong("hook_point_head_index");
        configuration.RequireAmong("hook_head_index");
        configuration.RequireAmong("hook_point_head_index");
    }

    private static void Read(SparseAutoencoderSource source, SparseAutoencoderReader reader, SparseAutoencoderKind kind, bool skip)
    {
        string[] own = kind switch
        {
            SparseAutoencoderKind.Gated => ["b_gate", "b_mag", "r_mag"],
            SparseAutoencoderKind.JumpRelu => ["b_enc", "threshold"],
            _ => ["b_enc"],
        };
        if (skip)
        {
            own = [.. own, "W_skip"];
        }

        if (!source.Has(own))
        {
            throw source.Bad($"lacks one of the tensors {string.Join(", ", own)} of its architecture");
        }

        source.RequireOnly([.. own, "W_enc", "W_dec", "b_dec", "scaling_factor"]);
        reader.ReadEncoder("W_enc", MatrixOrder.FeatureColumns);
        reader.ReadDecoder("W_dec", MatrixOrder.FeatureRows);
        reader.DecoderBias = reader.PerOutput("b_dec");
        if (kind == SparseAutoencoderKind.Gated)
        {
            reader.GateBias = reader.PerFeature("b_gate");
            reader.MagnitudeBias = reader.PerFeature("b_mag");
            reader.MagnitudeScale = Array.ConvertAll(reader.PerFeature("r_mag"), MathF.Exp);
        }
        else
        {
            reader.EncoderBias = reader.PerFeature("b_enc");
            reader.Thresholds = kind == SparseAutoencoderKind.JumpRelu ? reader.PerFeature("threshold") : null;
        }

        if (skip)
        {
            reader.ReadSkip("W_skip");
        }
    }

    private static void RequireWidths(ModelConfiguration configuration, SparseAutoencoderReader reader)
    {
        if (configuration.Integer("d_in") != reader.InputWidth || configuration.Integer("d_sae", maximum: int.MaxValue) != reader.FeatureCount
            || configuration.Integer("d_out", reader.OutputWidth) != reader.OutputWidth)
        {
            throw configuration.Unsupported("d_in, d_sae or d_out", $"the weights have {reader.FeatureCount} features between widths {reader.InputWidth} and {reader.OutputWidth}");
        }
    }

    // A factor on every feature's share of the reconstruction, from fine-tuning; versions before 6 stored ones where there was none.
    private static void Finetune(SparseAutoencoderSource source, ModelConfiguration configuration, SparseAutoencoderReader reader)
    {
        if (!source.Has("scaling_factor"))
        {
            return;
        }

        float[] factors = reader.PerFeature("scaling_factor");
        if (Array.TrueForAll(factors, factor => Math.Abs(factor - 1) <= 1.001e-5))
        {
            return;
        }

        if (!configuration.Flag("finetuning_scaling_factor", false))
        {
            throw source.Bad("has a scaling_factor that is not 1, and its configuration says finetuning_scaling_factor false");
        }

        reader.ScaleDecoder(factors);
    }

    private static InputNormalization Normalization(ModelConfiguration configuration, SparseAutoencoderReader reader, SparseAutoencoderLoadOptions options, bool transcoder)
    {
        string? stated = configuration.Raw("normalize_activations");
        if (options.ActivationScale is not null && stated is not ("true" or "\"expected_average_only_in\""))
        {
            throw configuration.Unsupported("normalize_activations", "only expected_average_only_in has an activation scale");
        }

        switch (stated)
        {
            case null or "false" or "\"none\"":
                return InputNormalization.None;
            case "\"layer_norm\"":
                return InputNormalization.LayerNorm;
            case "\"constant_norm_rescale\"":
                return InputNormalization.ConstantNorm;
            case "true" or "\"expected_average_only_in\"" when options.ActivationScale is { } scale && scale > 0 && float.IsFinite(scale) && !transcoder:
                reader.Scale(scale, 1 / scale, 1 / scale);
                return InputNormalization.None;
            case "true" or "\"expected_average_only_in\"":
                throw new InputException(
                    configuration.Path,
                    "normalize_activations is expected_average_only_in, and the factor is not in the folder",
                    "state the activation scale, norm_scaling_factor in SAELens's table of releases");
            case string other:
                throw configuration.Unsupported("normalize_activations", $"{(other.Length <= 60 ? other : other[..60])} is not known here");
        }
    }

    private static InputNormalization Centered(ModelConfiguration configuration, InputNormalization normalization, bool centered) => (normalization, centered) switch
    {
        (_, false) or (InputNormalization.LayerNorm, _) => normalization,
        (InputNormalization.None, true) => InputNormalization.Centered,
        _ => throw configuration.Unsupported("normalize_activations", "constant_norm_rescale of centred activations is not known here"),
    };

    private static int K(ModelConfiguration configuration, SparseAutoencoderLoadOptions options)
    {
        ModelConfiguration? arguments = configuration.Section("activation_fn_kwargs");
        return options.K ?? (configuration.Has("k") || arguments is null ? configuration.Integer("k") : arguments.Integer("k"));
    }

    private SparseAutoencoderProvenance Provenance(SparseAutoencoderSource source, ModelConfiguration configuration, ModelConfiguration metadata, string stated, bool transcoder)
    {
        string? hook = Text(metadata, "hook_name") ?? Text(metadata, "hook_point") ?? Text(configuration, "hook_name");
        string? written = transcoder ? Text(metadata, "hook_name_out") ?? Text(configuration, "hook_name_out") : hook;
        return new()
        {
            Format = Name,
            Path = source.Path,
            Architecture = stated,
            InputSite = PublishedSite.Parse(hook),
            OutputSite = PublishedSite.Parse(written),
            HookName = hook,
            ModelName = Text(metadata, "model_name"),
            NeuronpediaId = Text(metadata, "neuronpedia_id"),
            PrependsBeginning = metadata.Has("prepend_bos") ? metadata.Flag("prepend_bos", false) : null,
            ContextSize = metadata.Has("context_size") ? metadata.Integer("context_size") : null,
        };
    }

    private static string? Text(ModelConfiguration section, string field) => section.Has(field) ? section.Text(field) : null;
}
