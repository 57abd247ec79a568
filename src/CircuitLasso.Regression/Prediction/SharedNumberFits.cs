using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Fits of a number and of its shuffles on the rows outside each fold, for <see cref="SharedReadout"/>.</summary>
internal sealed class SharedNumberFits
{
    // Errors on held-out rows are compared, not certified.
    private const double HeldOutPathTolerance = 1e-5;
    private readonly SharedDesign _design;
    private readonly FoldAssignment _folds;
    private readonly SharedReadoutOptions _options;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly float[][] _labelings;

    public SharedNumberFits(SharedDesign design, ReadOnlySpan<double> y, FoldAssignment folds, SharedReadoutOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (!design.IsCentred || y.Length != design.Rows)
        {
            throw new ArgumentException($"there are {y.Length} numbers for {design.Rows} rows, or the design is not centred", nameof(y));
        }

        new PredictabilityOptions { Shuffles = options.Shuffles }.Check(design.Rows, folds);
        (_design, _folds, _options, _progress, _cancellation) = (design, folds, options, progress, cancellation);
        float[] numbers = new float[y.Length];
        for (int i = 0; i < y.Length; i++)
        {
            numbers[i] = float.IsFinite((float)y[i]) ? (float)y[i] : throw new InputException("y", $"row {i} is {y[i].ToString(CultureInfo.InvariantCulture)}", "remove or repair that row");
        }

        if (numbers.AsSpan().IndexOfAnyExcept(numbers[0]) < 0)
        {
            throw new InputException("y", "it is the same in every row", "give a y that varies");
        }

        _labelings = [numbers, .. Enumerable.Range(1, options.Shuffles).Select(s => folds.Shuffle(numbers.Length, options.Seed, (ulong)s).Select(row => numbers[row]).ToArray())];
    }

    public SharedReadout Run()
    {
        CompressedColumns<float> own = Columns(_labelings[..1]);
        (ShuffleComparison squared, ShuffleComparison area) = HoldOut();
        SharedPathSolution all = _options is { SelectsByHeldOutError: true, LambdaRatio: null } && squared.IsPredictable ? FitByHeldOutError(own) : Fit(_design, own, _options.Tolerance);
        return new SharedReadout(
            Entries(all.Solution.Coefficients), [all.Solution.Intercepts[0]], Entries(all.EntersAt), all.Solution.Certificates[0], squared, area);
    }

    private static SparseColumns Entries(CompressedColumns<double> matrix) =>
        SparseColumns.FromColumns(matrix.RowCount, [new SparseVector(matrix.RowsOf(0).ToArray(), matrix.ValuesOf(0).ToArray())]);

    private static CompressedColumns<float> Columns(float[][] columns) => new(
        columns[0].Length,
        [.. Enumerable.Range(0, columns.Length + 1).Select(j => (long)j * columns[0].Length)],
        [.. columns.SelectMany(column => Enumerable.Range(0, column.Length))],
        [.. columns.SelectMany(column => column)]);

    private SharedPathSolution Fit(SharedDesign design, CompressedColumns<float> targets, double tolerance)
    {
        SharedGramOptions options = new()
        {
            LambdaRatio = _options.LambdaRatio ?? _options.PathRatio,
            PathLength = _options.LambdaRatio is null ? _options.PathLength : 1,
            Tolerance = tolerance,
            ColumnBytes = _options.ColumnBytes,
            PenaltyFactors = _options.Standardize ? design.Deviations(aboutMean: true) : [],
        };

        return SharedPathSelection.Run(design, null, targets, options, _options.Gamma, cancellationToken: _cancellation);
    }

    private SharedPathSolution FitByHeldOutError(CompressedColumns<float> own)
    {
        SharedGramOptions options = new()
        {
            LambdaRatio = SharedReadoutOptions.HeldOutPathRatio,
            PathLength = 1 + (int)Math.Round((_options.PathLength - 1) * Math.Log(SharedReadoutOptions.HeldOutPathRatio) / Math.Log(_options.PathRatio)),
            Tolerance = Math.Max(_options.Tolerance, HeldOutPathTolerance),
            ColumnBytes = _options.ColumnBytes / _folds.Folds,
        };
        int steps = HeldOutPath.BestStep(_design, _labelings[0], FoldOfRow(), options, _options.Standardize, _progress, _cancellation);
        return SharedPathSelection.RunToTheEnd(
            _design,
            own,
            options with
            {
                LambdaRatio = SharedPathSelection.Share(options, steps),
                PathLength = steps + 1,
                Tolerance = _options.Tolerance,
                ColumnBytes = _options.ColumnBytes,
                PenaltyFactors = _options.Standardize ? _design.Deviations(aboutMean: true) : [],
            },
            _cancellation);
    }

    private int[] FoldOfRow() => [.. Enumerable.Range(0, _design.Rows).Select(row => _folds.FoldOf(row))];

    private (ShuffleComparison Squared, ShuffleComparison Area) HoldOut()
    {
        int[] foldOfRow = FoldOfRow();
        using FoldedDesign folded = new(_design, foldOfRow, maximumBytes: 0, cancellationToken: _cancellation);
        CompressedColumns<float> targets = Columns(_labelings);
        int count = _labelings.Length;
        double median = Median(_labelings[0]);
        double[,] squared = new double[count, _folds.Folds], nullErrors = new double[count, _folds.Folds], areas = new double[count, _folds.Folds], pairs = new double[count, _folds.Folds];
        for (int held = 0; held < _folds.Folds; held++)
        {
            int[] others = [.. Enumerable.Range(0, _folds.Folds).Where(fold => fold != held)], rows = [.. Enumerable.Range(0, _design.Rows).Where(row => foldOfRow[row] == held)];
            int fold = held;
            using SharedDesign training = folded.Select(others);
            SharedGramSolution solution = Fit(training, folded.Select(targets, others), Math.Max(_options.Tolerance, SharedReadoutOptions.HeldOutTolerance)).Solution;
            DeterministicParallel.For(
                count,
                s =>
                {
                    double[] scores = SharedReadout.Scores(_design, solution.Coefficients.RowsOf(s), solution.Coefficients.ValuesOf(s), solution.Intercepts[s]);
                    float[] y = _labelings[s];
                    double trainingMean = Enumerable.Range(0, y.Length).Where(row => foldOfRow[row] != fold).Average(row => (double)y[row]);
                    double error = rows.Sum(row => (y[row] - scores[row]) * (y[row] - scores[row])), nullError = rows.Sum(row => (y[row] - trainingMean) * (y[row] - trainingMean));
                    (squared[s, fold], nullErrors[s, fold]) = (nullError > 0 ? 1 - (error / nullError) : 0, nullError);
                    areas[s, fold] = AreaUnderCurve.Of([.. rows.Select(row => scores[row])], [.. rows.Select(row => y[row] > median)]);
                    double above = rows.Count(row => y[row] > median);
                    pairs[s, fold] = above * (rows.Length - above);
                },
                _cancellation);
        }

        return (SharedReadout.Compare(squared, nullErrors), SharedReadout.Compare(areas, pairs));
    }

    private static double Median(float[] values)
    {
        float[] sorted = [.. values.Order()];
        return ((double)sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
