using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// y fitted on a <see cref="SharedDesign"/>, numbers by squares and classes by cross-entropy, and what the very same procedure is worth on rows that it has not seen,
/// beside shuffled y. lambda is chosen by the extended Bayesian criterion within the rows at hand (see <see cref="SharedPathSelection"/>; of log-losses L it is
/// 2 L + k log n + 2 gamma k log p, p counting columns times score columns). Immutable.
/// </summary>
public sealed class SharedReadout
{
    internal SharedReadout(SparseColumns coefficients, double[] intercepts, SparseColumns entersAt, TargetCertificate certificate, ShuffleComparison? squared, ShuffleComparison area)
    {
        Coefficients = coefficients;
        Intercepts = intercepts;
        EntersAt = entersAt;
        Certificate = certificate;
        RSquared = squared;
        AreaUnderCurve = area;
    }

    /// <summary>Columns of the design x outputs: one for numbers and two classes, one for each class for more.</summary>
    public SparseColumns Coefficients { get; }

    /// <summary>One for each output; of a class without rows minus infinity.</summary>
    public IReadOnlyList<double> Intercepts { get; }

    /// <summary>For each entry of the coefficients, the largest lambda of the path at which it is not zero.</summary>
    public SparseColumns EntersAt { get; }

    /// <summary>Its certificate, which holds the lambda. Of classes losses are log-losses.</summary>
    public TargetCertificate Certificate { get; }

    /// <summary>Held-out R^2 of numbers beside that of shuffled ones; null for classes.</summary>
    public ShuffleComparison? RSquared { get; }

    /// <summary>Held-out AUC: of classes, one against the rest; of numbers, of being above the median.</summary>
    public ShuffleComparison AreaUnderCurve { get; }

    /// <summary>Whether y is predictable here, by the rule of <see cref="ShuffleComparison.IsPredictable"/>: on R^2 for numbers, on the AUC for classes.</summary>
    public bool IsPredictable => (RSquared ?? AreaUnderCurve).IsPredictable;

    /// <summary>Fits numbers.</summary>
    /// <param name="design">X, centred: the regression has an intercept.</param>
    /// <param name="y">One number a row, taken as float32.</param>
    /// <param name="folds">Which rows are held out together.</param>
    /// <param name="options">The rest.</param>
    /// <param name="progress">Told of lambdas done where <see cref="SharedReadoutOptions.SelectsByHeldOutError"/>, or null.</param>
    /// <param name="cancellationToken">Stops between fits.</param>
    /// <exception cref="InputException">A number is NaN or infinite, or all are the same, or a fold is empty.</exception>
    /// <exception cref="ArgumentException">There is not one number for each row, or the design is not centred.</exception>
    public static SharedReadout FitNumbers(
        SharedDesign design, ReadOnlySpan<double> y, FoldAssignment folds, SharedReadoutOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default) =>
        new SharedNumberFits(design, y, folds, options, progress, cancellationToken).Run();

    /// <summary>Fits classes.</summary>
    /// <param name="design">X, not centred: the classifier has an intercept of its own.</param>
    /// <param name="labels">The class of each row, from 0; every class from 0 to the largest must occur.</param>
    /// <param name="folds">Which rows are held out together.</param>
    /// <param name="options">The rest.</param>
    /// <param name="cancellationToken">Stops between fits.</param>
    /// <exception cref="InputException">A label is negative, there is one class only, a class has no row, or fewer than two folds hold rows of more than one class.</exception>
    /// <exception cref="ArgumentException">There is not one label for each row, or the design is centred.</exception>
    public static SharedReadout FitClasses(
        SharedDesign design, ReadOnlySpan<int> labels, FoldAssignment folds, SharedReadoutOptions options, CancellationToken cancellationToken = default) =>
        new SharedClassFits(design, labels, folds, options, cancellationToken).Run();

    /// <summary>What is added up over the folds: values weighted by what each can tell.</summary>
    internal static ShuffleComparison Compare(double[,] values, double[,] weights)
    {
        int folds = values.GetLength(1);
        double[] means = [.. Enumerable.Range(0, values.GetLength(0)).Select(s =>
        {
            double sum = 0, total = 0;
            for (int fold = 0; fold < folds; fold++)
            {
                sum += weights[s, fold] > 0 ? weights[s, fold] * values[s, fold] : 0;
                total += weights[s, fold];
            }

            return total > 0 ? sum / total : 0.5;
        })];
        double[] own = [.. Enumerable.Range(0, folds).Where(fold => weights[0, fold] > 0).Select(fold => values[0, fold])];
        return new ShuffleComparison(means[0], own.Length > 1 ? CrossValidation.StandardErrorOf(own) : double.PositiveInfinity, means[1..]);
    }

    /// <summary>Scores of all rows, the design taken as it is.</summary>
    internal static double[] Scores(SharedDesign design, ReadOnlySpan<int> columns, ReadOnlySpan<double> weights, double intercept)
    {
        double[] scores = new double[design.Rows];
        scores.AsSpan().Fill(intercept);
        for (int i = 0; i < columns.Length; i++)
        {
            design.Column(columns[i]).AddScaledTo(weights[i], scores);
        }

        return scores;
    }
}
