namespace CircuitLasso.Models;

/// <summary>The normalisation that a model applies before its sublayers and before its unembedding.</summary>
/// <param name="Kind">The formula.</param>
/// <param name="Epsilon">Added to the variance or the mean square, inside the root.</param>
public sealed record NormalizationDescription(NormalizationKind Kind, float Epsilon)
{
    /// <summary>Added to every gain: 1 for Gemma, whose files store gain - 1; 0 unless set.</summary>
    public float GainOffset { get; init; }

    /// <summary>Whether the mean is taken away before the scale is measured.</summary>
    public bool RemovesMean => Kind is NormalizationKind.Layer or NormalizationKind.LayerWithoutParameters;

    /// <summary>Whether there is a gain parameter.</summary>
    public bool HasGain => Kind is NormalizationKind.Layer or NormalizationKind.RootMeanSquare;

    /// <summary>Whether there is a bias parameter.</summary>
    public bool HasBias => Kind == NormalizationKind.Layer;
}
