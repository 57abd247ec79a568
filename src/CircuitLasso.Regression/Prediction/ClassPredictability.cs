using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Whether classes can be predicted from a design, and the classifier that does. The measure is the AUC on rows held out (K folds; for more than
/// two classes the mean of one against the rest), averaged over folds and not pooled, because scores of different fits are not comparable. Each
/// fit chooses its lambda by cross-validation within its own rows (the smallest held-out log-loss along a path that stops after three lambdas
/// without progress). The same procedure runs on shuffled labels. Immutable.
/// </summary>
public sealed class ClassPredictability
{
    private ClassPredictability(ShuffleComparison comparison, ClassificationSolution readout)
    {
        AreaUnderCurve = comparison;
        Readout = readout;
    }

    /// <summary>Held-out AUC beside that of shuffled labels.</summary>
    public ShuffleComparison AreaUnderCurve { get; }

    /// <summary>Whether the classes are predictable here, by the rule of <see cref="ShuffleComparison.IsPredictable"/>.</summary>
    public bool IsPredictable => AreaUnderCurve.IsPredictable;

    /// <summary>The classifier fitted to all rows, at the lambda chosen by cross-validation over the folds; <see cref="ClassificationSolution.Certificate"/> holds that lambda.</summary>
    public ClassificationSolution Readout { get; }

    /// <summary>Runs the comparison; folds and shuffles in parallel, with results that do not depend on the number of threads.</summary>
    /// <param name="design">The design.</param>
    /// <param name="labels">The class of each row, from 0; every class from 0 to the largest must occur.</param>
    /// <param name="folds">Which rows are held out together; the default for this number of rows if null.</param>
    /// <param name="options">The rest; the defaults if null.</param>
    /// <param name="cancellationToken">Stops between fits.</param>
    /// <exception cref="InputException">A label is negative, there is one class only, a class has no row, or a fold is empty.</exception>
    /// <exception cref="ArgumentException">There is not one label per row.</exception>
    public static ClassPredictability Measure(
        DenseDesign design, ReadOnlySpan<int> labels, FoldAssignment? folds = null, PredictabilityOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PredictabilityOptions();
        folds ??= FoldAssignment.ForRows(design.Rows);
        options.Check(design.Rows, folds);
        int classes = CountClasses(design.Rows, labels);
        double[] shares = [.. options.Path.Shares()];
        int[][] labelings = new int[1 + options.Shuffles][];
        labelings[0] = labels.ToArray();
        for (int s = 1; s < labelings.Length; s++)
        {
            int[] order = folds.Shuffle(design.Rows, options.Seed, (ulong)s);
            labelings[s] = [.. order.Select(row => labelings[0][row])];
        }

        double[,] areas = new double[labelings.Length, folds.Folds];
        double[,] weights = new double[labelings.Length, folds.Folds];
        DeterministicParallel.For(
            labelings.Length * folds.Folds,
            task =>
            {
                int s = task / folds.Folds, held = task % folds.Folds;
                ClassificationFits fits = new(design, labelings[s], classes, folds, shares, options.Path.Solver, cancellationToken);
                int[] test = fits.Only(held);
                double[] scores = fits.Fit(held, options.Path.Solver).Scores(design);
                areas[s, held] = CircuitLasso.Regression.AreaUnderCurve.OneAgainstRest(scores, test);
                weights[s, held] = double.IsNaN(areas[s, held]) ? 0 : Enumerable.Range(0, classes).Sum(c => (double)test.Count(l => l == c) * test.Count(l => l >= 0 && l != c));
            },
            cancellationToken);
        if (Enumerable.Range(0, folds.Folds).Count(fold => weights[0, fold] > 0) < 2)
        {
            throw new InputException("labels", "fewer than two folds hold rows of more than one class", "give more labelled rows, or use shorter runs");
        }

        double[] means = [.. Enumerable.Range(0, labelings.Length).Select(s => Mean(areas, weights, s, folds.Folds))];
        double[] own = [.. Enumerable.Range(0, folds.Folds).Where(fold => weights[0, fold] > 0).Select(fold => areas[0, fold])];
        ClassificationSolution readout = new ClassificationFits(design, labelings[0], classes, folds, shares, options.Path.Solver, cancellationToken).Fit(null, options.Readout);
        return new ClassPredictability(new ShuffleComparison(means[0], CrossValidation.StandardErrorOf(own), means[1..]), readout);
    }

    private static double Mean(double[,] areas, double[,] weights, int s, int folds)
    {
        double sum = 0, total = 0;
        for (int fold = 0; fold < folds; fold++)
        {
            sum += weights[s, fold] > 0 ? weights[s, fold] * areas[s, fold] : 0;
            total += weights[s, fold];
        }

        return total > 0 ? sum / total : 0.5;
    }

    internal static int CountClasses(int rows, ReadOnlySpan<int> labels)
    {
        if (labels.Length != rows)
        {
            throw new ArgumentException($"there are {labels.Length} labels for {rows} rows", nameof(labels));
        }

        HashSet<int> seen = [.. labels];
        int classes = seen.Max() + 1;
        if (seen.Count < 2)
        {
            throw new InputException("labels", "there is only one class", "give labels of two classes or more");
        }

        return seen.Min() >= 0 && seen.Count == classes
            ? classes
            : throw new InputException("labels", $"the classes are not numbered 0 to {seen.Count - 1}", "number the classes from 0 without gaps");
    }
}
