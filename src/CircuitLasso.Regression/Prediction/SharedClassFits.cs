using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Fits of classes and of their shuffles on the rows outside each fold, for <see cref="SharedReadout"/>.</summary>
internal sealed class SharedClassFits
{
    private const int LambdasWithoutProgress = 5;
    private const int LambdasMore = 3;
    private readonly SharedDesign _design;
    private readonly FoldAssignment _folds;
    private readonly SharedReadoutOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly int[][] _labelings;
    private readonly int _classes;
    private readonly double[]? _weights;

    public SharedClassFits(SharedDesign design, ReadOnlySpan<int> labels, FoldAssignment folds, SharedReadoutOptions options, CancellationToken cancellation)
    {
        if (design.IsCentred || labels.Length != design.Rows)
        {
            throw new ArgumentException($"there are {labels.Length} labels for {design.Rows} rows, or the design is centred", nameof(labels));
        }

        new PredictabilityOptions { Shuffles = options.Shuffles }.Check(design.Rows, folds);
        _classes = ClassPredictability.CountClasses(design.Rows, labels);
        (_design, _folds, _options, _cancellation) = (design, folds, options, cancellation);
        _weights = options.Standardize ? design.Deviations(aboutMean: true) : null;
        int[] own = labels.ToArray();
        _labelings = [own, .. Enumerable.Range(1, options.Shuffles).Select(s => folds.Shuffle(own.Length, options.Seed, (ulong)s).Select(row => own[row]).ToArray())];
    }

    public SharedReadout Run()
    {
        int folds = _folds.Folds;
        double[,] areas = new double[_labelings.Length, folds], weights = new double[_labelings.Length, folds];
        DeterministicParallel.For(
            _labelings.Length * folds,
            task =>
            {
                int s = task / folds, held = task % folds;
                int[] test = Keep(_labelings[s], fold => fold == held);
                (SharedLogisticSolution solution, _) = Fit(Keep(_labelings[s], fold => fold != held), Math.Max(_options.Tolerance, SharedReadoutOptions.HeldOutTolerance));
                areas[s, held] = AreaUnderCurve.OneAgainstRest(Scores(solution), test);
                weights[s, held] = double.IsNaN(areas[s, held]) ? 0 : Enumerable.Range(0, _classes).Sum(c => (double)test.Count(l => l == c) * test.Count(l => l >= 0 && l != c));
            },
            _cancellation);
        if (Enumerable.Range(0, folds).Count(fold => weights[0, fold] > 0) < 2)
        {
            throw new InputException("labels", "fewer than two folds hold rows of more than one class", "give more labelled rows, or use shorter runs");
        }

        (SharedLogisticSolution all, Dictionary<(int Output, int Column), double> enters) = Fit(_labelings[0], _options.Tolerance);
        SparseVector[] coefficients = [.. Enumerable.Range(0, all.Coefficients.ColumnCount).Select(k => new SparseVector(all.Coefficients.RowsOf(k).ToArray(), all.Coefficients.ValuesOf(k).ToArray()))];
        SparseVector[] entersAt = [.. coefficients.Select((column, k) => new SparseVector(column.Indices, [.. column.Indices.Select(j => enters[(k, j)])]))];
        return new SharedReadout(
            SparseColumns.FromColumns(_design.Columns, coefficients), [.. all.Intercepts], SparseColumns.FromColumns(_design.Columns, entersAt), all.Certificates[0], null, SharedReadout.Compare(areas, weights));
    }

    private int[] Keep(int[] labels, Func<int, bool> keeps) => [.. labels.Select((label, row) => keeps(_folds.FoldOf(row)) ? label : -1)];

    private double[] Scores(SharedLogisticSolution solution) =>
        [.. Enumerable.Range(0, solution.Coefficients.ColumnCount).SelectMany(k => SharedReadout.Scores(_design, solution.Coefficients.RowsOf(k), solution.Coefficients.ValuesOf(k), solution.Intercepts[k]))];

    private (SharedLogisticSolution Solution, Dictionary<(int Output, int Column), double> EntersAt) Fit(int[] labels, double tolerance)
    {
        IClassificationLoss loss = _classes == 2 ? new LogisticLoss(labels) : new MultinomialLoss(labels, _classes);
        SharedLogisticOptions options = new() { LambdaRatio = 1, Intercept = true, PenaltyWeights = _weights, Tolerance = tolerance };
        double[] shares = _options.LambdaRatio is { } ratio ? [ratio] : [.. Enumerable.Range(0, _options.PathLength).Select(k => Math.Pow(_options.PathRatio, k / (_options.PathLength - 1.0)))];
        if (!(SharedLogisticSolver.MaximumLambda(_design, loss, options) > 0))
        {
            // Nothing correlates with the labels, or one class is left: any lambda gives the model without features.
            options = options with { Lambda = 1, LambdaRatio = null };
            shares = [1];
        }

        // The small lambdas cost most, in time and memory, and are seldom reached: a path starts again, a little longer, only where its best point is near its end.
        int rows = labels.Count(label => label >= 0), length = Math.Min(1 + LambdasWithoutProgress, shares.Length);
        IReadOnlyList<SharedLogisticSolution> path;
        int best;
        while (true)
        {
            path = SharedLogisticSolver.SolveClasses(_design, loss, options, shares[..length], _cancellation);
            best = Enumerable.Range(0, length).MinBy(k => Criterion(path[k], rows));
            if (best + LambdasWithoutProgress < length || length == shares.Length)
            {
                break;
            }

            length = Math.Min(Math.Max(length + LambdasMore, best + 1 + LambdasWithoutProgress), shares.Length);
        }

        Dictionary<(int, int), double> enters = [];
        for (int point = 0; point <= best; point++)
        {
            for (int k = 0; k < path[point].Coefficients.ColumnCount; k++)
            {
                foreach (int j in path[point].Coefficients.RowsOf(k))
                {
                    enters.TryAdd((k, j), path[point].Certificates[0].Lambda);
                }
            }
        }

        return (path[best], enters);
    }

    private double Criterion(SharedLogisticSolution solution, int rows) =>
        (2 * solution.Certificates[0].Loss)
        + (solution.Coefficients.EntryCount * (Math.Log(rows) + (2 * _options.Gamma * Math.Log(Math.Max(1.0, (double)_design.Columns * solution.Coefficients.ColumnCount)))));
}
