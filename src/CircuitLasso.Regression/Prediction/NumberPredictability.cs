using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Whether a number can be predicted from a design, and the regression that does. The measure is R^2 on rows held out (K folds): one minus the
/// squared error over that of the training mean, both summed over folds. Each fit chooses its lambda by cross-validation within its own rows (the
/// smallest held-out squared error along a path that stops after three lambdas without progress). The same procedure runs on shuffled numbers. All of it uses fold statistics, one pass over the rows. Immutable.
/// </summary>
public sealed class NumberPredictability
{
    private NumberPredictability(ShuffleComparison squared, ShuffleComparison area, double[] coefficients, double intercept, TargetCertificate certificate)
    {
        RSquared = squared;
        AreaUnderCurve = area;
        Coefficients = coefficients;
        Intercept = intercept;
        Certificate = certificate;
    }

    /// <summary>Held-out R^2 beside that of shuffled numbers; below zero where the fit is worse than the mean.</summary>
    public ShuffleComparison RSquared { get; }

    /// <summary>Held-out AUC of "y is above its median", beside that of shuffled numbers; the mean over folds.</summary>
    public ShuffleComparison AreaUnderCurve { get; }

    /// <summary>Whether y is predictable here, by the rule of <see cref="ShuffleComparison.IsPredictable"/> on R^2.</summary>
    public bool IsPredictable => RSquared.IsPredictable;

    /// <summary>The coefficients of the regression on all rows, in the units of the design, at the lambda chosen by cross-validation.</summary>
    public IReadOnlyList<double> Coefficients { get; }

    /// <summary>Its intercept.</summary>
    public double Intercept { get; }

    /// <summary>Its certificate, which holds the lambda.</summary>
    public TargetCertificate Certificate { get; }

    /// <summary>Runs the comparison.</summary>
    /// <param name="design">The design.</param>
    /// <param name="y">One number per row.</param>
    /// <param name="folds">Which rows are held out together; the default for this number of rows if null.</param>
    /// <param name="options">The rest; the defaults if null.</param>
    /// <param name="cancellationToken">Stops between fits.</param>
    /// <exception cref="InputException">A number is NaN or infinite, all are the same, or a fold is empty.</exception>
    /// <exception cref="ArgumentException">There is not one number per row.</exception>
    public static NumberPredictability Measure(
        DenseDesign design, ReadOnlySpan<double> y, FoldAssignment? folds = null, PredictabilityOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PredictabilityOptions();
        folds ??= FoldAssignment.ForRows(design.Rows);
        options.Check(design.Rows, folds);
        double[][] labelings = Labelings(design, y, folds, options);
        using FoldedGramStatistics statistics = Accumulate(design, labelings, folds);
        NumberFits fits = new(statistics, design.Columns, labelings.Length, options.Path, cancellationToken);
        double median = Median(labelings[0]);
        double[,] squared = new double[labelings.Length, folds.Folds], areas = new double[labelings.Length, folds.Folds];
        double[] errors = new double[labelings.Length], nullErrors = new double[labelings.Length];
        for (int held = 0; held < folds.Folds; held++)
        {
            LassoSolution solution = fits.Fit(held);
            GramStatistics fold = statistics.Fold(held);
            for (int s = 0; s < labelings.Length; s++)
            {
                int target = design.Columns + s;
                double error = HeldOutSquares.Of(fold, solution, target);
                double bias = fold.Means[target] - fits.TrainingMean(held, target);
                double nullError = fold.CentredProducts(target)[target] + (fold.Rows * bias * bias);
                errors[s] += error;
                nullErrors[s] += nullError;
                squared[s, held] = nullError > 0 ? 1 - (error / nullError) : 0;
                areas[s, held] = AreaAbove(design, solution, target, labelings[s], median, folds, held);
            }
        }

        LassoSolution all = fits.Fit(null, options.Readout);
        double[] coefficients = new double[design.Columns];
        double intercept = all.Intercepts.Span[design.Columns];
        foreach (int j in all.Coefficients.RowsOf(design.Columns))
        {
            coefficients[j] = all.Coefficients[j, design.Columns] / design.Scales[j];
            intercept -= coefficients[j] * design.Means[j];
        }

        double[] values = [.. errors.Select((error, s) => 1 - (error / nullErrors[s]))];
        ShuffleComparison areaComparison = new(MeanArea(areas, 0), StandardError(areas), [.. Enumerable.Range(1, options.Shuffles).Select(s => MeanArea(areas, s))]);
        return new NumberPredictability(new ShuffleComparison(values[0], StandardError(squared), values[1..]), areaComparison, coefficients, intercept, all.Certificates[0]);
    }

    private static double[][] Labelings(DenseDesign design, ReadOnlySpan<double> y, FoldAssignment folds, PredictabilityOptions options)
    {
        if (y.Length != design.Rows)
        {
            throw new ArgumentException($"there are {y.Length} numbers for {design.Rows} rows", nameof(y));
        }

        for (int i = 0; i < y.Length; i++)
        {
            if (!double.IsFinite(y[i]))
            {
                throw new InputException("y", $"row {i} is {y[i].ToString(CultureInfo.InvariantCulture)}", "remove or repair that row");
            }
        }

        if (y.IndexOfAnyExcept(y[0]) < 0)
        {
            throw new InputException("y", "it is the same in every row", "give a y that varies");
        }

        double[][] labelings = new double[1 + options.Shuffles][];
        labelings[0] = y.ToArray();
        for (int s = 1; s < labelings.Length; s++)
        {
            labelings[s] = [.. folds.Shuffle(y.Length, options.Seed, (ulong)s).Select(row => labelings[0][row])];
        }

        return labelings;
    }

    private static FoldedGramStatistics Accumulate(DenseDesign design, double[][] labelings, FoldAssignment folds)
    {
        int columns = design.Columns + labelings.Length;
        using FoldedGramAccumulator accumulator = new(columns, folds);
        double[] row = new double[columns];
        for (int i = 0; i < design.Rows; i++)
        {
            for (int j = 0; j < design.Columns; j++)
            {
                row[j] = design.Column(j)[i];
            }

            for (int s = 0; s < labelings.Length; s++)
            {
                row[design.Columns + s] = labelings[s][i];
            }

            accumulator.Add(row);
        }

        return accumulator.Finish();
    }

    private static double AreaAbove(DenseDesign design, LassoSolution solution, int target, double[] y, double median, FoldAssignment folds, int held)
    {
        double[] scores = new double[design.Rows];
        foreach (int j in solution.Coefficients.RowsOf(target))
        {
            VectorLoops.AddScaled(solution.Coefficients[j, target], design.Column(j), scores);
        }

        int[] rows = [.. Enumerable.Range(0, design.Rows).Where(row => folds.FoldOf(row) == held)];
        return CircuitLasso.Regression.AreaUnderCurve.Of([.. rows.Select(row => scores[row])], [.. rows.Select(row => y[row] > median)]);
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double[] Row(double[,] values, int s) =>
        [.. Enumerable.Range(0, values.GetLength(1)).Select(fold => values[s, fold]).Where(value => !double.IsNaN(value))];

    private static double MeanArea(double[,] areas, int s) => Row(areas, s).DefaultIfEmpty(0.5).Average();

    private static double StandardError(double[,] values)
    {
        double[] row = Row(values, 0);
        return row.Length > 1 ? CrossValidation.StandardErrorOf(row) : double.PositiveInfinity;
    }
}
