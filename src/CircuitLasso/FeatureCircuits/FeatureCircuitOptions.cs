namespace CircuitLasso;

/// <summary>How a circuit of features is learnt.</summary>
public sealed record FeatureCircuitOptions
{
    /// <summary>What a feature is regressed on; default the site before.</summary>
    public FeatureSources Sources { get; init; } = FeatureSources.Adjacent;

    /// <summary>
    /// Whether a text is a row and each of its positions a column of its own, so that nodes are features at positions and edges cross them: a feature is regressed on those of its
    /// sources at its own position and at earlier ones. For texts made alike, in which a position means the same; the store must have a row for every token. Default false.
    /// </summary>
    public bool KeepPositions { get; init; }

    /// <summary>The site whose features y is regressed on; null, the default, for the last one that the model computes.</summary>
    public string? ReadoutSite { get; init; }

    /// <summary>
    /// One lambda of ||Z_j - Z_i A||_F^2 + lambda ||A||_1 (sums over rows, not means) for all regressions of features; null, the default, for a lambda for each target
    /// (see <see cref="FeatureCircuitLearner"/>). The target's own regression, whose lambda has other units, keeps its rule.
    /// </summary>
    public double? Lambda { get; init; }

    /// <summary>lambda of each regression, the target's too unless <see cref="TargetRule"/> is given, as a share of the smallest that leaves it empty; null, the default, for the rule.</summary>
    public double? LambdaRatio { get; init; }

    /// <summary>
    /// How the target's own lambda is chosen, whatever <see cref="LambdaRatio"/> says; null, the default, for <see cref="TargetLambdaRule.HeldOutError"/> where the target is what the model says after a text's
    /// last token and it is read from the last residual stream at that token alone (positions kept apart and all texts of one length, or only the last kept), and <see cref="TargetLambdaRule.Criterion"/> otherwise, unless there is a ratio. Classes know the criterion only.
    /// </summary>
    public TargetLambdaRule? TargetRule { get; init; }

    /// <summary>Number of lambdas on the path of each regression.</summary>
    public int PathCount { get; init; } = 40;

    /// <summary>The path's last lambda as a share of its first.</summary>
    public double PathRatio { get; init; } = 1e-3;

    /// <summary>Whether the penalty of each column is multiplied by its standard deviation, which is what scaling the columns amounts to; coefficients stay in the original units.</summary>
    public bool Standardize { get; init; }

    /// <summary>
    /// Whether the penalty of each coordinate of an error is multiplied, where a feature is explained, by its deviation over the mean deviation of its site's features (at most 1). Errors are otherwise
    /// hardly ever chosen, whatever the model makes of them, since their coordinates are small beside features. Coefficients stay in the original units. Not with <see cref="Standardize"/>.
    /// </summary>
    public bool ScaleErrors { get; init; }

    /// <summary>Relative duality gap of every regression; where every feature is explained, 1e-4 if this is smaller.</summary>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>
    /// Nodes of smaller <see cref="CircuitNode.Relevance"/> stay candidates and are not explained in their turn; so do edges that carry a smaller share of the target's
    /// variation. Where no target is followed (all pairs) it has no say.
    /// </summary>
    public double MinimumRelevance { get; init; } = 1e-3;

    /// <summary>How many features of a site are explained at most: the most relevant. The others stay candidates.</summary>
    public int FeaturesPerSite { get; init; } = 256;

    /// <summary>Folds of the check whether the target is predictable.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>How often the target is shuffled for that check.</summary>
    public int Shuffles { get; init; } = 10;

    /// <summary>Complementary pairs of half-samples on which the regressions are solved again (<see cref="CircuitEdge.Stability"/>); 0, the default, for none. Fifty are usual.</summary>
    public int StabilityPairs { get; init; }

    /// <summary>Seed of the shuffles and the half-samples.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What columns of X'X may take at once, in bytes; default 1 GiB.</summary>
    public long GramBytes { get; init; } = 1L << 30;

    /// <summary>A row of the store whose own circuit is wanted too (<see cref="FeatureCircuitResult.Prompt"/>), from 0; null for none.</summary>
    public long? PromptRow { get; init; }
}
