namespace CircuitLasso;

/// <summary>
/// The default rule of the methods that score every edge: edges of absolute score at least a fixed share of the largest, then pruned. The shares are one constant
/// a method, the same for every model and task; <see cref="DiscoveryOptions.RelativeThreshold"/> replaces them.
/// </summary>
internal static class RelativeThresholds
{
    public const double EdgeAttribution = 0.2;
    public const double IntegratedGradients = 0.2;
    public const double InformationFlow = 0.2;
    public const double Exact = 0.2;

    public static bool[] Select(EdgeScores scores, DiscoveryOptions options, double share) =>
        EdgeSelection.Prune(scores.Graph, EdgeSelection.AtLeastShareOfLargest(scores, options.RelativeThreshold ?? share));
}
