namespace CircuitLasso;

/// <summary>What stands in the place of what is taken out of a model.</summary>
public enum AblationValue
{
    /// <summary>What the source writes on the corrupt text of the same pair.</summary>
    Corrupt,

    /// <summary>The mean of what it writes on all corrupt texts, position by position.</summary>
    Mean,

    /// <summary>Zero.</summary>
    Zero,
}
