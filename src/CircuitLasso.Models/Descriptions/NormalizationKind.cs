namespace CircuitLasso.Models;

/// <summary>How a sublayer's input is normalised.</summary>
public enum NormalizationKind
{
    /// <summary>Not at all: the sublayer reads the residual stream as it is.</summary>
    None,

    /// <summary>Layer normalisation: minus the mean, over the standard deviation, times a gain, plus a bias (Ba et al. 2016).</summary>
    Layer,

    /// <summary>Layer normalisation with neither gain nor bias (TransformerLens's <c>LNPre</c>).</summary>
    LayerWithoutParameters,

    /// <summary>Root-mean-square normalisation: over the root of the mean square, times a gain (Zhang and Sennrich 2019).</summary>
    RootMeanSquare,

    /// <summary>Root-mean-square normalisation without gain (TransformerLens's <c>RMSPre</c>).</summary>
    RootMeanSquareWithoutParameters,
}
