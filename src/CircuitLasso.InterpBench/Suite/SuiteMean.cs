namespace CircuitLasso.InterpBench;

/// <summary>A method's numbers as means over cases, each case weighing the same. Immutable.</summary>
/// <param name="Method">The method or floor.</param>
/// <param name="Cases">Number of cases.</param>
/// <param name="Values">Means by the names of <see cref="SuiteRow.Numbers"/>; null where some case lacks the number.</param>
public sealed record SuiteMean(string Method, int Cases, IReadOnlyDictionary<string, double?> Values)
{
    /// <summary>
    /// The smallest mean Hamming distance that one rule for all cases can reach: edges of absolute score at least a share of the case's largest, pruned, the share the best of
    /// a hundred between .001 and 1. The choice knows the truth, so it flatters the method; null for a floor.
    /// </summary>
    public double? OneRuleDistance { get; init; }

    /// <summary>The share of that rule.</summary>
    public double? OneRuleShare { get; init; }
}
