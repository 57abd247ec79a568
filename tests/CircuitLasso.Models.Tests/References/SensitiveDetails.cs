using CircuitLasso.Tensors;

namespace CircuitLasso.Models.Tests;

/// <summary>
/// Changes of one detail of an architecture each, as a loader would make them that overlooked it. A change gives the model with that detail wrong, or null where the
/// architecture has no such detail.
/// </summary>
internal static class SensitiveDetails
{
    /// <summary>The changes by name.</summary>
    public static IReadOnlyDictionary<string, Func<TransformerModel, TransformerModel?>> All { get; } = new Dictionary<string, Func<TransformerModel, TransformerModel?>>
    {
        ["activation"] = Description(d => d with { Mlp = d.Mlp with { Activation = d.Mlp.Activation == Activation.Gelu ? Activation.GeluTanh : Activation.Gelu } }),
        ["gate"] = Parameters(d => d.Mlp.Gated, Swap(ParameterRole.MlpGateWeight, ParameterRole.MlpUpWeight)),
        ["rotary base"] = Rotary((d, rotary) => RotaryDescription.FromBase(rotary.RotatedWidth, 1000)),
        ["rotary scaling"] = Rotary((d, rotary) => IsScaled(rotary) ? RotaryDescription.FromBase(rotary.RotatedWidth, BaseOf(rotary)) : null),
        ["rotary width"] = Rotary((d, rotary) => rotary.RotatedWidth < d.Attention.HeadWidth ? RotaryDescription.FromBase(d.Attention.HeadWidth, BaseOf(rotary)) : null),
        ["rotary pairing"] = Parameters(d => d.Attention.Rotary is { RotatedWidth: > 2 }, Neighbours),
        ["no positions"] = Description(d => d.Attention.Rotary is null && !d.LearnedPositions ? null : d with { LearnedPositions = false, Attention = d.Attention with { Rotary = null } }),
        ["norm"] = Description(d => d.Normalization.Kind switch
        {
            NormalizationKind.Layer => d with { Normalization = d.Normalization with { Kind = NormalizationKind.RootMeanSquare } },
            NormalizationKind.LayerWithoutParameters => d with { Normalization = d.Normalization with { Kind = NormalizationKind.RootMeanSquareWithoutParameters } },
            NormalizationKind.None => d with { Normalization = new NormalizationDescription(NormalizationKind.LayerWithoutParameters, 1e-5f) },
            _ when d.NormalizesSublayerOutputs => null,
            _ => d with { Normalization = d.Normalization with { Kind = NormalizationKind.Layer } },
        }),
        ["norm epsilon"] = Description(d => d.Normalization.Kind == NormalizationKind.None ? null
            : d with { Normalization = d.Normalization with { Epsilon = d.Normalization.Epsilon == 1e-5f ? 1e-6f : 1e-5f } }),
        ["norm offset"] = Description(d => d.Normalization.Kind == NormalizationKind.RootMeanSquare
            ? d with { Normalization = d.Normalization with { GainOffset = 1 - d.Normalization.GainOffset } }
            : null),
        ["norms after sublayers"] = Description(d => d.NormalizesSublayerOutputs ? d with { NormalizesSublayerOutputs = false } : null),
        ["norm of queries and keys"] = Description(d => d.Attention.HeadNormalization is null ? null : d with { Attention = d.Attention with { HeadNormalization = null } }),
        ["epsilon of queries and keys"] = Description(d => d.Attention.HeadNormalization is { } norm ? d with { Attention = d.Attention with { HeadNormalization = norm with { Epsilon = 0.1f } } } : null),
        ["embedding scale"] = Description(d => d with { EmbeddingScale = d.EmbeddingScale == 1 ? MathF.Sqrt(d.Width) : 1 }),
        ["attention scale"] = Description(d => d with { Attention = d.Attention with { ScoreScales = [.. d.Attention.ScoreScales.Select(scale => scale * 0.8f)] } }),
        ["attention scale of one layer"] = Description(d => d with { Attention = d.Attention with { ScoreScales = [.. d.Attention.ScoreScales.Select((scale, layer) => layer == 1 ? scale / 2 : scale)] } }),
        ["score limit"] = Description(d => d.Attention.ScoreSoftCap is null ? null : d with { Attention = d.Attention with { ScoreSoftCap = null } }),
        ["logit limit"] = Description(d => d.LogitSoftCap is null ? null : d with { LogitSoftCap = null }),
        ["no window"] = Description(d => d.Attention.Windows.Count == 0 ? null : d with { Attention = d.Attention with { Windows = [] } }),
        ["a window"] = Description(d => d.Attention.Windows.Count > 0 || !d.Attention.Causal ? null
            : d with { Attention = d.Attention with { Windows = [.. Enumerable.Repeat((int?)4, d.Layers)] } }),
        ["window longer by one"] = Description(d => d.Attention.Windows.Count == 0 ? null : d with { Attention = d.Attention with { Windows = [.. d.Attention.Windows.Select(window => window + 1)] } }),
        ["windows in the other layers"] = Description(d => d.Attention.Windows.FirstOrDefault(window => window is not null) is { } size
            ? d with { Attention = d.Attention with { Windows = [.. d.Attention.Windows.Select(window => window is null ? size : (int?)null)] } }
            : null),
        ["direction"] = Description(d => d.Attention.Windows.Count > 0 ? null : d with { Attention = d.Attention with { Causal = !d.Attention.Causal } }),
        ["sublayers"] = Description(d => d with { ParallelSublayers = !d.ParallelSublayers }),
        ["biases of queries, keys and values"] = Description(d => d.Attention.HasInputBias ? d with { Attention = d.Attention with { HasInputBias = false } } : null),
        ["bias of attention's output"] = Description(d => d.Attention.HasOutputBias ? d with { Attention = d.Attention with { HasOutputBias = false } } : null),
        ["biases of the MLP"] = Description(d => d.Mlp.HasBias ? d with { Mlp = d.Mlp with { HasBias = false } } : null),
        ["bias of the unembedding"] = Description(d => d.HasUnembeddingBias ? d with { HasUnembeddingBias = false } : null),
        ["unembedding"] = Description(d => d.TiedEmbeddings || !d.PredictsTokens ? null : d with { TiedEmbeddings = true }),
        ["heads that share keys"] = Parameters(d => d.Attention.KeyValueHeads > 1 && d.Attention.KeyValueHeads < d.Attention.Heads, OtherGroups),
        ["order of queries, keys and values"] = Parameters(d => d.Attention.KeyValueHeads == d.Attention.Heads, Swap(ParameterRole.QueryWeight, ParameterRole.ValueWeight)),
    };

    private static Func<TransformerModel, TransformerModel?> Description(Func<ModelDescription, ModelDescription?> change) =>
        model => change(model.Description) is { } changed ? With(model, changed, null) : null;

    private static Func<TransformerModel, TransformerModel?> Rotary(Func<ModelDescription, RotaryDescription, RotaryDescription?> change) => Description(d =>
        d.Attention.Rotary is { } rotary && change(d, rotary) is { } changed ? d with { Attention = d.Attention with { Rotary = changed } } : null);

    private static Func<TransformerModel, TransformerModel?> Parameters(Func<ModelDescription, bool> applies, Func<TransformerModel, ParameterKey, float[]?> values) =>
        model => applies(model.Description) ? With(model, model.Description, values) : null;

    private static double BaseOf(RotaryDescription rotary) =>
        rotary.InverseFrequencies.Count == 1 ? 10000 : Math.Pow(rotary.InverseFrequencies[1], -rotary.RotatedWidth / 2.0);

    // The first frequencies are never scaled; those of a plain base fall by one factor.
    private static bool IsScaled(RotaryDescription rotary)
    {
        IReadOnlyList<float> plain = RotaryDescription.FromBase(rotary.RotatedWidth, BaseOf(rotary)).InverseFrequencies;
        return Math.Abs((plain[^1] / rotary.InverseFrequencies[^1]) - 1) > 1e-3;
    }

    private static Func<TransformerModel, ParameterKey, float[]?> Swap(ParameterRole first, ParameterRole second) => (model, key) =>
        key.Role == first ? model.Parameters[key with { Role = second }].ToArray()
        : key.Role == second ? model.Parameters[key with { Role = first }].ToArray()
        : null;

    // Rows of queries and keys in an order in which pairs (2i, 2i + 1) are turned together.
    private static float[]? Neighbours(TransformerModel model, ParameterKey key)
    {
        if (key.Role is not (ParameterRole.QueryWeight or ParameterRole.KeyWeight))
        {
            return null;
        }

        float[] values = model.Parameters[key].ToArray();
        int half = model.Description.Attention.Rotary!.RotatedWidth / 2;
        int width = model.Description.Width;
        int headWidth = model.Description.Attention.HeadWidth;
        float[] permuted = [.. values];
        for (int row = 0; row < values.Length / width; row++)
        {
            int place = row % headWidth;
            int from = place < half ? 2 * place : place < 2 * half ? (2 * (place - half)) + 1 : place;
            values.AsSpan(((row - place) + from) * width, width).CopyTo(permuted.AsSpan(row * width, width));
        }

        return permuted;
    }

    // Query head h reads key head h modulo their number.
    private static float[]? OtherGroups(TransformerModel model, ParameterKey key)
    {
        AttentionDescription attention = model.Description.Attention;
        int members = attention.Heads / attention.KeyValueHeads;
        int From(int head) => ((head % members) * attention.KeyValueHeads) + (head / members);
        float[] values = model.Parameters[key].ToArray();
        int block = attention.HeadWidth;
        if (key.Role is ParameterRole.QueryWeight or ParameterRole.QueryBias)
        {
            block *= key.Role == ParameterRole.QueryWeight ? model.Description.Width : 1;
            return [.. Enumerable.Range(0, attention.Heads).SelectMany(head => values.AsSpan(From(head) * block, block).ToArray())];
        }

        int columns = attention.Heads * block;
        return key.Role == ParameterRole.OutputWeight
            ? [.. values.Select((_, i) => values[(i / columns * columns) + (From(i % columns / block) * block) + (i % block)])]
            : null;
    }

    // Parameters that the changed architecture lacks are left out, and those that it has anew do nothing.
    private static TransformerModel With(TransformerModel model, ModelDescription description, Func<TransformerModel, ParameterKey, float[]?>? changed)
    {
        Dictionary<ParameterKey, Tensor> tensors = [];
        foreach (ParameterShape parameter in description.Parameters())
        {
            float[] values = changed?.Invoke(model, parameter.Key) ?? model.Parameters.Find(parameter.Key.Role, parameter.Key.Layer)?.ToArray()
                ?? new float[parameter.Shape.Aggregate(1, (product, size) => product * size)];
            tensors.Add(parameter.Key, Tensor.FromValues(values, parameter.Shape));
        }

        return new TransformerModel(description, new ModelParameters(description, tensors));
    }
}
