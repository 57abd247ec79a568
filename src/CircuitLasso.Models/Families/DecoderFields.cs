namespace CircuitLasso.Models;

/// <summary>The fields of <c>config.json</c> that Hugging Face's decoders since Llama share, with their checks.</summary>
internal static class DecoderFields
{
    private const string SlidingAttention = "sliding_attention";
    private const string FullAttention = "full_attention";

    /// <summary>Query heads, key heads and the width of a head.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="requiresKeyHeads">Whether an absent <c>num_key_value_heads</c> means something else than one key head a query head, and is refused.</param>
    /// <param name="defaultHeadWidth">Width of a head where the file does not say; null for the model's width over the heads.</param>
    public static (int Heads, int KeyValueHeads, int HeadWidth) Heads(ModelConfiguration configuration, bool requiresKeyHeads, int? defaultHeadWidth = null)
    {
        int width = configuration.Integer("hidden_size");
        int heads = configuration.Integer("num_attention_heads");
        int keyValueHeads = configuration.Integer("num_key_value_heads", requiresKeyHeads && !configuration.IsNull("num_key_value_heads") ? null : heads);
        if (heads % keyValueHeads != 0)
        {
            throw configuration.Unsupported("num_key_value_heads", $"{keyValueHeads} key heads do not divide {heads} query heads");
        }

        if (!configuration.Has("head_dim") && defaultHeadWidth is null && width % heads != 0)
        {
            throw configuration.Unsupported("num_attention_heads", $"{heads} heads do not divide the width {width}");
        }

        int headWidth = configuration.Integer("head_dim", defaultHeadWidth ?? (width / heads));
        if (headWidth % 2 != 0)
        {
            throw configuration.Unsupported("head_dim", $"rotary positions need an even head width, not {headWidth}");
        }

        if ((long)heads * headWidth > ModelConfiguration.LargestInteger)
        {
            throw configuration.Unsupported("head_dim", $"{heads} heads of width {headWidth} are more than any model has");
        }

        return (heads, keyValueHeads, headWidth);
    }

    /// <summary>
    /// Rotary positions. transformers before 5 writes a base, a share and <c>rope_scaling</c>; 5 writes all three into <c>rope_parameters</c>.
    /// </summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="headWidth">Width of a head.</param>
    /// <param name="baseField">The older name of the base.</param>
    /// <param name="shareField">The older name of the share of each head that is rotated; null for a family that rotates heads whole.</param>
    /// <param name="defaultShare">The share where the file does not say.</param>
    public static RotaryDescription Rotary(
        ModelConfiguration configuration, int headWidth, string baseField = "rope_theta", string? shareField = null, double defaultShare = 1)
    {
        const string ShareField = "partial_rotary_factor";
        ModelConfiguration? section = configuration.Section("rope_parameters") ?? configuration.Section("rope_scaling");
        double olderBase = configuration.Number(baseField, 10000);
        double olderShare = configuration.Number(shareField ?? ShareField, defaultShare);
        double theta = section?.NumberOrNull("rope_theta") ?? olderBase;
        double share = section?.NumberOrNull(ShareField) ?? olderShare;
        int rotated = (int)(headWidth * share);
        if (shareField is null && share != 1)
        {
            throw configuration.Unsupported(ShareField, "rotating a part of each head is not supported in this family");
        }

        if (share > 1 || rotated < 2 || rotated % 2 != 0)
        {
            throw configuration.Unsupported(shareField ?? ShareField, $"{rotated} of {headWidth} dimensions of a head do not make pairs to rotate");
        }

        string type = section is null ? "default" : section.Text("rope_type", section.Text("type", "default"));
        return type switch
        {
            "default" => RotaryDescription.FromBase(rotated, theta),
            "llama3" => Llama3(section!, rotated, theta),
            _ => throw configuration.Unsupported("rope_scaling", $"type '{type}' is not known here (default and llama3 are)"),
        };
    }

    /// <summary>By layer how many positions a query sees: <c>layer_types</c> where the file has it, else a rule.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="window">The window of layers that have one; null where it is switched off.</param>
    /// <param name="hasWindow">Whether a layer has a window where the file does not say.</param>
    public static IReadOnlyList<int?> Windows(ModelConfiguration configuration, int layers, int? window, Func<int, bool> hasWindow)
    {
        IReadOnlyList<string> types = configuration.Texts("layer_types") ?? [.. Enumerable.Range(0, layers).Select(layer => window is not null && hasWindow(layer) ? SlidingAttention : FullAttention)];
        if (types.Count != layers || types.Any(type => type is not (SlidingAttention or FullAttention)))
        {
            throw configuration.Unsupported("layer_types", $"does not name {SlidingAttention} or {FullAttention} for each of {layers} layers");
        }

        if (window is null && types.Contains(SlidingAttention))
        {
            throw configuration.Unsupported("layer_types", $"asks for {SlidingAttention}, and no window is set");
        }

        return types.Contains(SlidingAttention) ? [.. types.Select(type => type == SlidingAttention ? window : null)] : [];
    }

    /// <summary>The windows of Qwen 2 and 3: in the layers from <c>max_window_layers</c> on, where <c>use_sliding_window</c> switches them on.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="layers">Number of layers.</param>
    public static IReadOnlyList<int?> LaterWindows(ModelConfiguration configuration, int layers)
    {
        int? window = configuration.Flag("use_sliding_window", false) && !configuration.IsNull("sliding_window") ? configuration.Integer("sliding_window", 4096) : null;
        int first = configuration.Integer("max_window_layers", 28, minimum: 0);
        configuration.PassOver("sliding_window");
        return Windows(configuration, layers, window, layer => layer >= first);
    }

    private static RotaryDescription Llama3(ModelConfiguration section, int rotatedWidth, double theta)
    {
        double low = section.Number("low_freq_factor");
        double high = section.Number("high_freq_factor");
        return high > low
            ? RotaryDescription.FromLlama3(rotatedWidth, theta, section.Number("factor"), low, high, section.Number("original_max_position_embeddings"))
            : throw section.Unsupported("high_freq_factor", "is not above low_freq_factor, and nothing lies between them");
    }
}
