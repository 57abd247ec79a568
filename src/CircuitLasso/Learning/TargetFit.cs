using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>Fits the target on the design and asks whether it is predictable at all.</summary>
internal static class TargetFit
{
    /// <summary>Fits numbers by squares or classes by cross-entropy.</summary>
    /// <param name="rows">The design's rows.</param>
    /// <param name="statistics">Statistics of the design; of numbers, with the target as one more column at the end.</param>
    /// <param name="order">The blocks of the design.</param>
    /// <param name="target">What to fit.</param>
    /// <param name="folds">Rows held out together.</param>
    /// <param name="options">How.</param>
    /// <param name="subject">What the rows are called in errors.</param>
    /// <param name="cancellation">Stops between fits.</param>
    public static TargetReadout Fit(
        NativeBuffer<float> rows, GramStatistics statistics, BlockOrder order, LearningTarget target, FoldAssignment folds, LearningOptions options, string subject, CancellationToken cancellation)
    {
        using DenseDesign design = DenseDesign.FromRows(rows, order.Columns, options.Standardize, subject);
        PredictabilityOptions predictability = new()
        {
            Shuffles = options.Shuffles,
            Seed = options.Seed,
            Readout = new SolverOptions { Tolerance = options.Tolerance },
        };
        return target.Numbers is { } numbers
            ? FitNumbers(design, statistics, order, numbers, folds, predictability, options, cancellation)
            : FitClasses(design, order, target.Classes!, folds, predictability, options, cancellation);
    }

    private static TargetReadout FitNumbers(
        DenseDesign design, GramStatistics statistics, BlockOrder order, double[] numbers, FoldAssignment folds, PredictabilityOptions predictability, LearningOptions options, CancellationToken cancellation)
    {
        NumberPredictability measured = NumberPredictability.Measure(design, numbers, folds, predictability, cancellation);
        TargetCertificate certificate = measured.Certificate;
        double mean = numbers.Average();
        double variation = numbers.Sum(value => (value - mean) * (value - mean));
        double unexplained = certificate.NullLoss > 0 ? variation * certificate.Loss / certificate.NullLoss : 0;
        return new TargetReadout(
            new Readout(1, [.. measured.Coefficients], variation, unexplained),
            certificate.Lambda,
            measured.IsPredictable,
            NumberEntries(statistics, order, options, cancellation),
            [
                ("target_held_out_r2", measured.RSquared.Value),
                ("target_held_out_r2_standard_error", measured.RSquared.StandardError),
                ("target_shuffled_r2_mean", measured.RSquared.ShuffledMean),
                ("target_shuffled_r2_max", measured.RSquared.ShuffledMaximum),
                .. Area(measured.AreaUnderCurve),
            ],
            !certificate.Converged,
            certificate.RelativeGap);
    }

    private static TargetReadout FitClasses(
        DenseDesign design, BlockOrder order, int[] classes, FoldAssignment folds, PredictabilityOptions predictability, LearningOptions options, CancellationToken cancellation)
    {
        ClassPredictability measured = ClassPredictability.Measure(design, classes, folds, predictability, cancellation);
        ClassificationSolution solution = measured.Readout;
        int outputs = solution.Coefficients.ColumnCount;
        double[] coefficients = new double[order.Columns * outputs];
        for (int k = 0; k < outputs; k++)
        {
            ReadOnlySpan<int> support = solution.Coefficients.RowsOf(k);
            ReadOnlySpan<double> values = solution.Coefficients.ValuesOf(k);
            for (int i = 0; i < support.Length; i++)
            {
                coefficients[(support[i] * outputs) + k] = values[i];
            }
        }

        double[] scores = solution.Scores(design);
        double variation = 0;
        for (int k = 0; k < outputs; k++)
        {
            double[] column = scores[(k * design.Rows)..((k + 1) * design.Rows)];
            double mean = column.Average();
            variation += column.Sum(value => (value - mean) * (value - mean));
        }

        return new TargetReadout(
            new Readout(outputs, coefficients, variation, 0),
            solution.Certificate.Lambda,
            measured.IsPredictable,
            ClassEntries(design, order, classes, options, cancellation),
            [.. Area(measured.AreaUnderCurve)],
            !solution.Certificate.Converged,
            solution.Certificate.RelativeGap);
    }

    private static IEnumerable<(string Name, double Value)> Area(ShuffleComparison area) =>
    [
        ("target_held_out_auc", area.Value),
        ("target_held_out_auc_standard_error", area.StandardError),
        ("target_shuffled_auc_mean", area.ShuffledMean),
        ("target_shuffled_auc_max", area.ShuffledMaximum),
    ];

    private static double[] NumberEntries(GramStatistics statistics, BlockOrder order, LearningOptions options, CancellationToken cancellation)
    {
        int columns = order.Columns;
        int place = order.Blocks.Max(block => block.Place) + 1;
        BlockOrder withTarget = new([
            .. order.Blocks.Select(block => block with { Role = BlockRole.SourceOnly }),
            new RegressionBlock("y", columns, 1, place, BlockRole.TargetOnly)]);
        using BlockProblem problem = new(statistics, withTarget, standardize: options.Standardize);
        LambdaPath path = LambdaPath.Fit(problem, PathOptions(options), cancellationToken: cancellation);
        double[] entries = new double[order.Blocks.Count];
        foreach (EdgeEntry entry in path.Entries())
        {
            // Standardised, the problem divides y too; the target's own lambda is that of y as it is.
            entries[entry.Source] = entry.Lambda * problem.Scales[columns];
        }

        return entries;
    }

    private static double[] ClassEntries(DenseDesign design, BlockOrder order, int[] classes, LearningOptions options, CancellationToken cancellation)
    {
        int count = classes.Max() + 1;
        IClassificationLoss loss = count == 2 ? new LogisticLoss(classes) : new MultinomialLoss(classes, count);
        double largest = ProximalNewtonSolver.MaximumLambda(design, loss);
        double[] entries = new double[order.Blocks.Count];
        ClassificationSolution? solution = null;
        LambdaPathOptions path = PathOptions(options);
        foreach (double share in largest > 0 ? path.Shares() : [])
        {
            solution = ProximalNewtonSolver.Solve(design, loss, new L1Penalty(largest * share), path.Solver, solution, cancellation);
            for (int k = 0; k < solution.Coefficients.ColumnCount; k++)
            {
                foreach (int column in solution.Coefficients.RowsOf(k))
                {
                    ref double entry = ref entries[order.BlockOf(column)];
                    entry = entry > 0 ? entry : largest * share;
                }
            }
        }

        return entries;
    }

    // Where an edge enters is a matter of the support: a loose gap is enough.
    private static LambdaPathOptions PathOptions(LearningOptions options) =>
        new() { Count = options.PathCount, Ratio = 0.01, Solver = new SolverOptions { Tolerance = 1e-4 } };
}
