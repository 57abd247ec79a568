namespace CircuitLasso.Models;

/// <summary>What the caller knows and the files may not say. Immutable.</summary>
public sealed record SparseAutoencoderLoadOptions
{
    /// <summary>The site whose activations are encoded; null: the one that the files name.</summary>
    public Site? InputSite { get; init; }

    /// <summary>The site that the decoder writes; null: the one that the files name, or the input site. Another site than the input's makes it a transcoder.</summary>
    public Site? OutputSite { get; init; }

    /// <summary>Features kept in a row, for TopK formats whose files may not say; null: what the files say.</summary>
    public int? K { get; init; }

    /// <summary>
    /// The factor on activations that SAELens calls <c>norm_scaling_factor</c>, for folders with <c>normalize_activations</c>
    /// <c>expected_average_only_in</c>, which do not hold it; null: none is known.
    /// </summary>
    public float? ActivationScale { get; init; }

    /// <summary>
    /// Whether it was trained on a model loaded with TransformerLens's <c>center_writing_weights</c> (of SAELens's releases gpt2-small-res-jb, for
    /// one), where the folder does not say so; SAELens folders alone.
    /// </summary>
    public bool CentersInput { get; init; }
}
