namespace CircuitLasso;

/// <summary>Where a site lies among the columns of <see cref="FeatureColumns"/>.</summary>
/// <param name="Site">The site.</param>
/// <param name="FirstFeature">Column of its first feature.</param>
/// <param name="FirstError">Column of the error's first coordinate; the features end there.</param>
/// <param name="End">The column after its last.</param>
internal readonly record struct FeatureBlock(FeatureSite Site, int FirstFeature, int FirstError, int End);
