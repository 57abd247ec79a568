namespace CircuitLasso;

/// <summary>What stands in the place of a feature or an error.</summary>
public enum FeatureReplacement
{
    /// <summary>Its value on the corrupt text of the same pair.</summary>
    Corrupt,

    /// <summary>Its mean over all corrupt texts, position by position.</summary>
    Mean,

    /// <summary>Zero; what is left of an activation is the decoder's bias.</summary>
    Zero,

    /// <summary>Its value on a corrupt text drawn at random, at least as long and cut to the same length.</summary>
    Resample,
}
