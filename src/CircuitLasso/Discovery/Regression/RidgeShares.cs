namespace CircuitLasso;

/// <summary>Among which ridge penalties, and on how many held-out folds, a reader's regression chooses. Immutable.</summary>
/// <param name="Shares">The penalties as shares of the design's mean diagonal, rising.</param>
/// <param name="HeldOutFolds">How many of the folds are held out, one after the other: from 2 to all of them.</param>
internal sealed record RidgeShares(IReadOnlyList<double> Shares, int HeldOutFolds)
{
    /// <summary>Seven shares on five folds, as the first study of tied regression chose.</summary>
    public static RidgeShares Wide { get; } = new([1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1], SampleLayout.Folds);

    /// <summary>
    /// Six shares on two folds. No share is below .003: a chain of regressions with smaller ones blows up directions in which contributions cancel (on a model of four layers
    /// the parts of single sources come to a hundred times the outputs), and two folds choose as well as five at a third of the cost.
    /// </summary>
    public static RidgeShares Damped { get; } = new([0.003, 0.01, 0.03, 0.1, 0.3, 1], 2);
}
