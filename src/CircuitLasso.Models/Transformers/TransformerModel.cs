using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>
/// A decoder with hook points: one forward pass runs every architecture that a <see cref="ModelDescription"/> can state.
/// Several threads may run passes at once as long as nobody changes the parameters.
/// </summary>
public sealed partial class TransformerModel : IDisposable
{
    private readonly RotaryFrequencies? _rotary;

    /// <summary>Puts a description and its parameters together; takes ownership of the parameters.</summary>
    public TransformerModel(ModelDescription description, ModelParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(parameters);
        if (description.TiedEmbeddings && !description.PredictsTokens)
        {
            throw new ArgumentException("An unembedding tied to the token embedding has one output per token id.", nameof(description));
        }

        if (description.NormalizesSublayerOutputs && (description.Normalization.Kind != NormalizationKind.RootMeanSquare || description.Attention.HasOutputBias))
        {
            throw new ArgumentException("Norms after sublayers are root mean squares, and the attention before one has no output bias.", nameof(description));
        }

        if (description.Attention.HeadNormalization is { Kind: not NormalizationKind.RootMeanSquare })
        {
            throw new ArgumentException("Norms of queries and keys are root mean squares with a gain.", nameof(description));
        }

        if (description.Attention.ScoreScales.Count < description.Layers || description.Attention.Windows.Count is > 0 and int windows && windows < description.Layers)
        {
            throw new ArgumentException("Every layer needs a scale of its scores, and a window or null where any layer has one.", nameof(description));
        }

        Description = description;
        Parameters = parameters;
        _rotary = description.Attention.Rotary is { } rotary ? new RotaryFrequencies([.. rotary.InverseFrequencies]) : null;
    }

    /// <summary>The architecture.</summary>
    public ModelDescription Description { get; }

    /// <summary>The parameters.</summary>
    public ModelParameters Parameters { get; }

    /// <summary>Every hook point, in the order in which a pass reaches it.</summary>
    public IEnumerable<Site> Sites
    {
        get
        {
            SiteKind[] block =
            [
                SiteKind.ResidualBefore, SiteKind.AttentionInput, SiteKind.Query, SiteKind.Key, SiteKind.Value, SiteKind.AttentionPattern, SiteKind.AttentionMix,
                .. Description.NormalizesSublayerOutputs ? (SiteKind[])[SiteKind.AttentionMixNormalized] : [], SiteKind.AttentionHead, SiteKind.AttentionOutput, SiteKind.ResidualMiddle, SiteKind.MlpInput, SiteKind.MlpNormalized,
                SiteKind.MlpPreActivation, SiteKind.MlpHidden, SiteKind.MlpOutput, SiteKind.ResidualAfter,
            ];
            return Enumerable.Range(0, Description.Layers)
                .SelectMany(layer => block.Select(kind => new Site(kind, layer)))
                .Prepend(new Site(SiteKind.Embedding))
                .Append(new Site(SiteKind.Logits));
        }
    }

    /// <summary>Runs the model.</summary>
    /// <param name="batch">Texts padded on the right; padding never reaches a real position.</param>
    /// <param name="hooks">What to read, replace or differentiate at on the way.</param>
    /// <param name="logitPositions">Where logits are computed; every position unless said otherwise.</param>
    /// <returns>Logits, or the last residual stream with <see cref="LogitPositions.None"/>; the caller (or its <see cref="TensorScope"/>) owns it.</returns>
    /// <exception cref="Numerics.InputException">A text is too long or a token id or hook is outside the model.</exception>
    public Tensor Forward(TokenBatch batch, ForwardHooks? hooks = null, LogitPositions logitPositions = LogitPositions.All)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.RequireFits(Description);
        hooks ??= new ForwardHooks();
        hooks.RequireWithin(Description);
        Tensor embedded = Scoped(() => hooks.Apply(new Site(SiteKind.Embedding), Embed(batch, [.. Enumerable.Range(0, batch.Positions)])));
        Tensor residual = Blocks(batch, embedded, 0, Description.Layers, hooks);
        if (logitPositions == LogitPositions.None)
        {
            return residual;
        }

        Tensor last = residual;
        Tensor logits = Scoped(() => hooks.Apply(new Site(SiteKind.Logits), Unembed(logitPositions == LogitPositions.Last ? LastPositions(last, batch) : last)));
        if (!GradientMode.IsEnabled)
        {
            last.Dispose();
        }

        return logits;
    }

    /// <summary>Runs some of the blocks on a residual stream, which may be any: a pass from the middle on, or a part of one.</summary>
    /// <param name="batch">The texts, for what each position sees.</param>
    /// <param name="residual">What the first of the blocks reads, [b, p, d]; it stays the caller's.</param>
    /// <param name="firstLayer">The first block.</param>
    /// <param name="endLayer">The block after the last one; the number of layers for all that follow.</param>
    /// <param name="hooks">What to read, replace or differentiate at within these blocks; hooks elsewhere are not called.</param>
    /// <returns>The residual stream after the last of the blocks; the caller (or its <see cref="TensorScope"/>) owns it.</returns>
    /// <exception cref="ArgumentException">The blocks are none of the model's, or the residual stream has another shape.</exception>
    /// <exception cref="Numerics.InputException">A text is too long or a token id or hook is outside the model.</exception>
    public Tensor ForwardBlocks(TokenBatch batch, Tensor residual, int firstLayer, int endLayer, ForwardHooks? hooks = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(residual);
        batch.RequireFits(Description);
        hooks ??= new ForwardHooks();
        hooks.RequireWithin(Description);
        if (firstLayer < 0 || endLayer < firstLayer || endLayer > Description.Layers)
        {
            throw new ArgumentException($"Blocks {firstLayer} to {endLayer} are not among {Description.Layers}.", nameof(firstLayer));
        }

        if (!residual.Shape.SequenceEqual([batch.Count, batch.Positions, Description.Width]))
        {
            throw new ArgumentException("The residual stream is not texts x positions x width.", nameof(residual));
        }

        // Without gradients a pass disposes of what it leaves behind.
        return Blocks(batch, GradientMode.IsEnabled ? residual : residual.Detach(), firstLayer, endLayer, hooks);
    }

    /// <summary>Final norm and unembedding of a residual stream [..., d], and the soft limit of the logits where there is one.</summary>
    public Tensor Unembed(Tensor residual)
    {
        Tensor logits = Normalize(residual, ParameterRole.FinalNormGain, ParameterRole.FinalNormBias, -1)
            .Linear(Parameters.Find(ParameterRole.Unembedding) ?? Parameters[new(ParameterRole.TokenEmbedding)], Parameters.Find(ParameterRole.UnembeddingBias), weightIsInputByOutput: false);
        return Description.LogitSoftCap is { } cap ? logits.SoftCap(cap) : logits;
    }

    /// <summary>The factors that a norm of the residual stream applies to what it has normalised: the parameter and its offset; null where the norm has none.</summary>
    /// <param name="role">The gain of a norm over the width of the model.</param>
    /// <param name="layer">The layer, or -1 for the final norm.</param>
    public float[]? NormGains(ParameterRole role, int layer = -1) =>
        Parameters.Find(role, layer) is not { } gain ? null
        : Description.Normalization.GainOffset == 0 ? gain.ToArray()
        : [.. gain.ToArray().Select(value => Description.Normalization.GainOffset + value)];

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();

    // Without gradients nothing outlives its block, so that memory does not grow with the number of layers.
    private static Tensor Scoped(Func<Tensor> compute)
    {
        if (GradientMode.IsEnabled)
        {
            return compute();
        }

        using TensorScope scope = new();
        return scope.Keep(compute());
    }

    private Tensor Blocks(TokenBatch batch, Tensor residual, int firstLayer, int endLayer, ForwardHooks hooks)
    {
        int[] positions = [.. Enumerable.Range(0, batch.Positions)];
        int[] lengths = batch.Lengths.ToArray();
        for (int layer = firstLayer; layer < endLayer; layer++)
        {
            Tensor before = residual;
            int index = layer;
            residual = Scoped(() => Block(index, before, positions, Mask(index, lengths), hooks));
            if (!GradientMode.IsEnabled && !ReferenceEquals(before, residual))
            {
                before.Dispose();
            }
        }

        return residual;
    }

    private Tensor Embed(TokenBatch batch, int[] positions)
    {
        Tensor tokens = Parameters[new(ParameterRole.TokenEmbedding)].Embedding(batch.Ids, batch.Count, batch.Positions);
        tokens = Description.EmbeddingScale == 1 ? tokens : tokens.Scale(Description.EmbeddingScale);
        return Parameters.Find(ParameterRole.PositionEmbedding) is { } table ? tokens.Add(table.Embedding(positions, batch.Positions)) : tokens;
    }

    private AttentionMask Mask(int layer, int[] lengths) =>
        new() { Causal = Description.Attention.Causal, Lengths = lengths, Window = Description.Attention.Window(layer) };

    private Tensor Block(int layer, Tensor residual, int[] positions, AttentionMask mask, ForwardHooks hooks)
    {
        residual = hooks.Apply(new Site(SiteKind.ResidualBefore, layer), residual);
        Tensor attention = Attention(layer, hooks.Apply(new Site(SiteKind.AttentionInput, layer), residual), positions, mask, hooks);
        if (Description.ParallelSublayers)
        {
            Tensor parallel = Mlp(layer, residual, hooks);
            Tensor middle = hooks.Apply(new Site(SiteKind.ResidualMiddle, layer), residual.Add(attention));
            return hooks.Apply(new Site(SiteKind.ResidualAfter, layer), middle.Add(parallel));
        }

        residual = hooks.Apply(new Site(SiteKind.ResidualMiddle, layer), residual.Add(attention));
        return hooks.Apply(new Site(SiteKind.ResidualAfter, layer), residual.Add(Mlp(layer, residual, hooks)));
    }

    private Tensor Attention(int layer, Tensor input, int[] positions, AttentionMask mask, ForwardHooks hooks)
    {
        AttentionDescription attention = Description.Attention;
        Tensor x = Normalize(input, ParameterRole.AttentionNormGain, ParameterRole.AttentionNormBias, layer);
        Tensor q = hooks.Apply(new Site(SiteKind.Query, layer), Heads(Project(x, ParameterRole.QueryWeight, ParameterRole.QueryBias, layer), attention.Heads));
        Tensor k = hooks.Apply(new Site(SiteKind.Key, layer), Heads(Project(x, ParameterRole.KeyWeight, ParameterRole.KeyBias, layer), attention.KeyValueHeads));
        Tensor v = hooks.Apply(new Site(SiteKind.Value, layer), Heads(Project(x, ParameterRole.ValueWeight, ParameterRole.ValueBias, layer), attention.KeyValueHeads));
        return hooks.Apply(new Site(SiteKind.AttentionOutput, layer), AttentionOutput(layer, Mix(layer, q, k, v, positions, mask, hooks), hooks));
    }

    // Heads apart only where somebody asks for them.
    private Tensor AttentionOutput(int layer, Tensor z, ForwardHooks hooks)
    {
        Site normalizedSite = new(SiteKind.AttentionMixNormalized, layer);
        Site headSite = new(SiteKind.AttentionHead, layer);
        if (!hooks.Has(headSite) && !hooks.Has(normalizedSite))
        {
            Tensor whole = Project(Joined(z), ParameterRole.OutputWeight, ParameterRole.OutputBias, layer);
            return Description.NormalizesSublayerOutputs ? Normalize(whole, ParameterRole.AttentionOutputNormGain, null, layer) : whole;
        }

        Tensor normalized = hooks.Apply(normalizedSite, NormalizedMix(layer, z));
        if (!hooks.Has(headSite))
        {
            Tensor written = Project(Joined(normalized), ParameterRole.OutputWeight, ParameterRole.OutputBias, layer);
            return OutputGain(layer) is { } gain ? written.Multiply(gain) : written;
        }

        Tensor heads = HeadContributions(layer, normalized).Permute(1, 0, 2).Reshape(z.Dimension(0), z.Dimension(1), Description.Attention.Heads, Description.Width);
        Tensor output = hooks.Apply(headSite, heads).Sum(axis: 2);
        return Parameters.Find(ParameterRole.OutputBias, layer) is { } bias ? output.Add(bias) : output;
    }

    // Norms of queries and keys, rotation, scores, pattern and mixed values of every head.
    private Tensor Mix(int layer, Tensor q, Tensor k, Tensor v, int[] positions, AttentionMask mask, ForwardHooks hooks)
    {
        if (Description.Attention.HeadNormalization is { } norm)
        {
            q = q.RmsNorm(Parameters[new(ParameterRole.QueryNormGain, layer)], norm.Epsilon, norm.GainOffset);
            k = k.RmsNorm(Parameters[new(ParameterRole.KeyNormGain, layer)], norm.Epsilon, norm.GainOffset);
        }

        if (_rotary is not null)
        {
            q = q.Rotary(positions, _rotary);
            k = k.Rotary(positions, _rotary);
        }

        float scale = Description.Attention.ScoreScales[layer];
        if (!hooks.Has(new Site(SiteKind.AttentionPattern, layer)))
        {
            return hooks.Apply(new Site(SiteKind.AttentionMix, layer), q.Attention(k, v, scale, mask, Description.Attention.ScoreSoftCap));
        }

        Tensor scores = q.AttentionScores(k, scale);
        scores = Description.Attention.ScoreSoftCap is { } cap ? scores.SoftCap(cap) : scores;
        Tensor pattern = hooks.Apply(new Site(SiteKind.AttentionPattern, layer), scores.AttentionPattern(mask));
        return hooks.Apply(new Site(SiteKind.AttentionMix, layer), pattern.AttentionMix(v));
    }

    private Tensor Mlp(int layer, Tensor residual, ForwardHooks hooks)
    {
        Tensor input = hooks.Apply(new Site(SiteKind.MlpInput, layer), residual);
        Tensor x = hooks.Apply(new Site(SiteKind.MlpNormalized, layer), Normalize(input, ParameterRole.MlpNormGain, ParameterRole.MlpNormBias, layer));
        Tensor up = Project(x, ParameterRole.MlpUpWeight, ParameterRole.MlpUpBias, layer);
        Tensor activated = Activate(hooks.Apply(
            new Site(SiteKind.MlpPreActivation, layer), Description.Mlp.Gated ? Project(x, ParameterRole.MlpGateWeight, ParameterRole.MlpGateBias, layer) : up));
        Tensor hidden = Description.Mlp.Gated ? activated.Multiply(up) : activated;
        hidden = hooks.Apply(new Site(SiteKind.MlpHidden, layer), hidden);
        Tensor output = Project(hidden, ParameterRole.MlpDownWeight, ParameterRole.MlpDownBias, layer);
        output = Description.NormalizesSublayerOutputs ? Normalize(output, ParameterRole.MlpOutputNormGain, null, layer) : output;
        return hooks.Apply(new Site(SiteKind.MlpOutput, layer), output);
    }

    private Tensor Project(Tensor x, ParameterRole weight, ParameterRole bias, int layer) =>
        x.Linear(Parameters[new(weight, layer)], Parameters.Find(bias, layer), weightIsInputByOutput: false);

    private static Tensor Joined(Tensor heads) => heads.Reshape(heads.Dimension(0), heads.Dimension(1), heads.Dimension(2) * heads.Dimension(3));

    private Tensor Heads(Tensor x, int heads) => x.Reshape(x.Dimension(0), x.Dimension(1), heads, Description.Attention.HeadWidth);

    private Tensor Activate(Tensor x) => Description.Mlp.Activation switch
    {
        Activation.Gelu => x.Gelu(),
        Activation.GeluTanh => x.GeluTanh(),
        Activation.Silu => x.Silu(),
        _ => x.Relu(),
    };

    private Tensor Normalize(Tensor x, ParameterRole gain, ParameterRole? bias, int layer) => Description.Normalization.Kind switch
    {
        NormalizationKind.Layer => x.LayerNorm(Parameters[new(gain, layer)], bias is { } role ? Parameters[new(role, layer)] : null, Description.Normalization.Epsilon),
        NormalizationKind.LayerWithoutParameters => x.LayerNorm(null, null, Description.Normalization.Epsilon),
        NormalizationKind.RootMeanSquare => x.RmsNorm(Parameters[new(gain, layer)], Description.Normalization.Epsilon, Description.Normalization.GainOffset),
        NormalizationKind.RootMeanSquareWithoutParameters => x.RmsNorm(null, Description.Normalization.Epsilon),
        _ => x,
    };

    private static Tensor LastPositions(Tensor residual, TokenBatch batch)
    {
        int[] rows = new int[batch.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = (i * batch.Positions) + batch.Lengths[i] - 1;
        }

        int width = residual.Dimension(-1);
        return residual.Reshape(batch.Count * batch.Positions, width).Embedding(rows, batch.Count, 1);
    }
}
