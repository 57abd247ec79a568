namespace CircuitLasso;

/// <summary>Which sites a feature is regressed on.</summary>
public enum FeatureSources
{
    /// <summary>The features and the error of the site before.</summary>
    Adjacent,

    /// <summary>Those of every site that is computed before.</summary>
    All,
}
