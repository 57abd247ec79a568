namespace CircuitLasso.Regression;

/// <summary>
/// A held-out measure beside the same measure of the same procedure on shuffled labels. Immutable.
/// </summary>
/// <param name="Value">The mean over folds, each weighted by what it can tell (pairs for an area, squares for R^2).</param>
/// <param name="StandardError">The deviation between folds divided by the root of their number.</param>
/// <param name="Shuffled">The value for each shuffle.</param>
public sealed record ShuffleComparison(double Value, double StandardError, IReadOnlyList<double> Shuffled)
{
    /// <summary>The mean over shuffles.</summary>
    public double ShuffledMean => Shuffled.Average();

    /// <summary>The largest over shuffles.</summary>
    public double ShuffledMaximum => Shuffled.Max();

    /// <summary>
    /// The rule: predictable here means above the best shuffle by more than two standard errors. (Fits to shuffled labels are mostly empty and
    /// tie at chance, so that one standard error would too often let pass what is chance as well.)
    /// </summary>
    public bool IsPredictable => Value - (2 * StandardError) > ShuffledMaximum;
}
