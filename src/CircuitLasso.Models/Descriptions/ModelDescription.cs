namespace CircuitLasso.Models;

/// <summary>
/// What one forward pass needs to know of an architecture. A family adapter makes it from <c>config.json</c>; nothing else in the project
/// asks which family a model is of.
/// </summary>
public sealed record ModelDescription
{
    private readonly int? _outputSize;

    /// <summary>The family, as <c>config.json</c> names it (<c>model_type</c>).</summary>
    public required string Family { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Number of logits: one per token id unless the model answers with something else than a token.</summary>
    public int OutputSize
    {
        get => _outputSize ?? VocabularySize;
        init => _outputSize = value;
    }

    /// <summary>Whether the logits are scores of token ids.</summary>
    public bool PredictsTokens => OutputSize == VocabularySize;

    /// <summary>Most positions that the model was made for; a longer text is refused.</summary>
    public required int MaximumPositions { get; init; }

    /// <summary>Whether a learned vector per position is added to the token embedding.</summary>
    public required bool LearnedPositions { get; init; }

    /// <summary>Whether the unembedding is the transpose of the token embedding.</summary>
    public required bool TiedEmbeddings { get; init; }

    /// <summary>Whether a number per output is added to the logits.</summary>
    public bool HasUnembeddingBias { get; init; }

    /// <summary>Factor of the token embedding on its way into the residual stream (not of a tied unembedding); 1 unless set.</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>The soft limit c of the logits, c tanh(logit / c); null for none.</summary>
    public float? LogitSoftCap { get; init; }

    /// <summary>
    /// Whether what attention and what an MLP write is normalised before it is added to the residual stream (Gemma 2). The norm is that of <see cref="Normalization"/>,
    /// a root mean square with a gain of its own, and the output matrix of attention has no bias then.
    /// </summary>
    public bool NormalizesSublayerOutputs { get; init; }

    /// <summary>The site whose values, times a matrix of the model alone, are what each head adds to the residual stream: attn_z, over the scale of the norm that follows where there is one.</summary>
    public SiteKind HeadSite => NormalizesSublayerOutputs ? SiteKind.AttentionMixNormalized : SiteKind.AttentionMix;

    /// <summary>Whether attention and MLP of a block both read the block's input; otherwise the MLP reads what attention has written.</summary>
    public bool ParallelSublayers { get; init; }

    /// <summary>The normalisation before each sublayer and before the unembedding.</summary>
    public required NormalizationDescription Normalization { get; init; }

    /// <summary>The attention of every block.</summary>
    public required AttentionDescription Attention { get; init; }

    /// <summary>The MLP of every block.</summary>
    public required MlpDescription Mlp { get; init; }

    /// <summary>Whether the embedding is added as it is, and neither scores nor logits are limited or windowed: what configs of older families can state.</summary>
    internal bool HasNoScalesLimitsOrWindows =>
        EmbeddingScale == 1 && LogitSoftCap is null && Attention.ScoreSoftCap is null && Attention.Windows.All(window => window is null);

    /// <summary>Every parameter with its shape, in a fixed order. Matrices are [outputs, inputs].</summary>
    public IEnumerable<ParameterShape> Parameters()
    {
        int width = Width;
        int queries = Attention.Heads * Attention.HeadWidth;
        int keys = Attention.KeyValueHeads * Attention.HeadWidth;
        yield return new(new(ParameterRole.TokenEmbedding), [VocabularySize, width]);
        if (LearnedPositions)
        {
            yield return new(new(ParameterRole.PositionEmbedding), [MaximumPositions, width]);
        }

        for (int layer = 0; layer < Layers; layer++)
        {
            foreach (ParameterShape shape in Norm(ParameterRole.AttentionNormGain, ParameterRole.AttentionNormBias, layer)
                .Concat(Matrix(ParameterRole.QueryWeight, ParameterRole.QueryBias, layer, queries, width, Attention.HasInputBias))
                .Concat(Matrix(ParameterRole.KeyWeight, ParameterRole.KeyBias, layer, keys, width, Attention.HasInputBias))
                .Concat(Matrix(ParameterRole.ValueWeight, ParameterRole.ValueBias, layer, keys, width, Attention.HasInputBias))
                .Concat(Attention.HeadNormalization is null ? [] : [new(new(ParameterRole.QueryNormGain, layer), [Attention.HeadWidth]), new(new(ParameterRole.KeyNormGain, layer), [Attention.HeadWidth])])
                .Concat(Matrix(ParameterRole.OutputWeight, ParameterRole.OutputBias, layer, width, queries, Attention.HasOutputBias))
                .Concat(NormalizesSublayerOutputs ? [new(new(ParameterRole.AttentionOutputNormGain, layer), [width])] : [])
                .Concat(Norm(ParameterRole.MlpNormGain, ParameterRole.MlpNormBias, layer))
                .Concat(Mlp.Gated ? Matrix(ParameterRole.MlpGateWeight, ParameterRole.MlpGateBias, layer, Mlp.HiddenWidth, width, Mlp.HasBias) : [])
                .Concat(Matrix(ParameterRole.MlpUpWeight, ParameterRole.MlpUpBias, layer, Mlp.HiddenWidth, width, Mlp.HasBias))
                .Concat(Matrix(ParameterRole.MlpDownWeight, ParameterRole.MlpDownBias, layer, width, Mlp.HiddenWidth, Mlp.HasBias))
                .Concat(NormalizesSublayerOutputs ? [new(new(ParameterRole.MlpOutputNormGain, layer), [width])] : []))
            {
                yield return shape;
            }
        }

        foreach (ParameterShape shape in Norm(ParameterRole.FinalNormGain, ParameterRole.FinalNormBias, -1))
        {
            yield return shape;
        }

        if (!TiedEmbeddings)
        {
            yield return new(new(ParameterRole.Unembedding), [OutputSize, width]);
        }

        if (HasUnembeddingBias)
        {
            yield return new(new(ParameterRole.UnembeddingBias), [OutputSize]);
        }
    }

    private IEnumerable<ParameterShape> Norm(ParameterRole gain, ParameterRole bias, int layer)
    {
        if (Normalization.HasGain)
        {
            yield return new(new(gain, layer), [Width]);
        }

        if (Normalization.HasBias)
        {
            yield return new(new(bias, layer), [Width]);
        }
    }

    private static IEnumerable<ParameterShape> Matrix(ParameterRole weight, ParameterRole bias, int layer, int outputs, int inputs, bool hasBias)
    {
        yield return new(new(weight, layer), [outputs, inputs]);
        if (hasBias)
        {
            yield return new(new(bias, layer), [outputs]);
        }
    }
}
