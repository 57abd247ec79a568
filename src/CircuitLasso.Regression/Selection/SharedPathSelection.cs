using System.Collections.Concurrent;
using System.Diagnostics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Many targets on one <see cref="SharedDesign"/>, each at a lambda of its own: the one on its path with the least extended Bayesian criterion
/// (Chen and Chen 2008), n log(||y - X w||^2 / n) + k log n + 2 gamma k log p, with k entries of w that are not zero, n rows and p columns that vary.
/// </summary>
/// <remarks>
/// <para>Why not cross-validation: the lambda that predicts best lets in columns by chance, and more of them the more columns there are (Meinshausen and Buhlmann
/// 2006); with gamma = 1 the price of a column counts how many it was chosen from. It also costs nothing beyond the path.</para>
/// <para>Points of a path are solved as far as comparing them takes, and the one that is chosen to the tolerance asked for.</para>
/// <para>A path stops after a few lambdas without a smaller criterion, so that the small lambdas, which cost most, are seldom reached. Results do not depend on the
/// number of threads. Thread-safe.</para>
/// </remarks>
public static class SharedPathSelection
{
    // Lambdas after the best one that are looked at: as many as for classes. They cost most, for the number of entries doubles; the next two found something better for 9 targets of 412, and of 5,845 where columns were fewer.
    private const int LambdasWithoutProgress = 3;

    // What a point on the path may be off by, in prices of a column, and in its gap.
    private const double PriceShare = 0.1;
    private const double LoosestOnPath = 1e-4;
    private const long ProductsPerStep = 1 << 21;

    /// <summary>Solves every target along its path and keeps the best point.</summary>
    /// <param name="design">X.</param>
    /// <param name="gram">Its Gram matrix, or null: then its columns are computed where they are needed.</param>
    /// <param name="targets">Y, with as many rows.</param>
    /// <param name="options">The path: <see cref="SharedGramOptions.LambdaRatio"/> and <see cref="SharedGramOptions.PathLength"/>; of length 1 the lambdas asked for are those that are taken.</param>
    /// <param name="gamma">The weight of the number of candidates, 0 (plain BIC) to 1.</param>
    /// <param name="progress">Told of targets done, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <exception cref="ArgumentException">The matrices do not fit each other, or there is a path without a ratio.</exception>
    /// <exception cref="InputException">A number of the options is not positive, gamma is not from 0 to 1, or a target is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SharedPathSolution Run(
        SharedDesign design,
        SharedGram? gram,
        CompressedColumns<float> targets,
        SharedGramOptions options,
        double gamma = 1,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default) => Run(design, gram, targets, options, gamma, toTheEnd: false, progress, cancellationToken);

    /// <summary>The same down to the path's last lambda, whatever the criterion says.</summary>
    internal static SharedPathSolution RunToTheEnd(SharedDesign design, CompressedColumns<float> targets, SharedGramOptions options, CancellationToken cancellationToken) =>
        Run(design, null, targets, options, gamma: 1, toTheEnd: true, progress: null, cancellationToken);

    /// <summary>A step's lambda as a share of the first one's.</summary>
    internal static double Share(SharedGramOptions options, int step) => step == 0 ? 1 : Math.Pow(options.LambdaRatio!.Value, step / (options.PathLength - 1.0));

    private static SharedPathSolution Run(
        SharedDesign design, SharedGram? gram, CompressedColumns<float> targets, SharedGramOptions options, double gamma, bool toTheEnd, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        options.Check(design.Columns, targets.ColumnCount);
        if ((gram is not null && gram.Columns != design.Columns) || targets.RowCount != design.Rows || (options.PathLength > 1 && options.LambdaRatio is null))
        {
            throw new ArgumentException("the Gram matrix or the targets are not of this design, or a path has no ratio");
        }

        if (!(gamma >= 0 && gamma <= 1))
        {
            throw new InputException("gamma", "it is not between 0 and 1", "give a number from 0 to 1");
        }

        SharedDesign.CheckFinite(targets, "targets");
        using SharedGramProblem problem = new(design, gram, options);
        double price = Math.Log(design.Rows) + (2 * gamma * Math.Log(Math.Max(1, problem.Factors.Count(double.IsFinite))));
        int count = targets.ColumnCount, step = (int)Math.Min(Math.Clamp(ProductsPerStep / design.Columns, 32, 4096), count), done = 0;
        Point[] chosen = new Point[count];
        ConcurrentBag<SharedGramTarget> workspaces = [];
        Stopwatch correlating = new(), solving = new();
        try
        {
            using NativeBuffer<double> products = new((nint)step * design.Columns, zeroed: false);
            for (int first = 0; first < count; first += step)
            {
                int some = Math.Min(step, count - first), start = first;
                cancellationToken.ThrowIfCancellationRequested();
                correlating.Start();
                design.Correlate(targets, first, some, products);
                correlating.Stop();
                solving.Start();
                DeterministicParallel.For(
                    some,
                    task =>
                    {
                        SharedGramTarget workspace = workspaces.TryTake(out SharedGramTarget? spare) ? spare : new SharedGramTarget(problem);
                        workspace.Start(targets, start + task, products.Slice((nint)task * design.Columns, design.Columns), problem.Whole);
                        chosen[start + task] = Follow(workspace, start + task, options, design.Rows, price, toTheEnd);
                        workspaces.Add(workspace);
                        progress?.Report(new WorkProgress("solve", Interlocked.Increment(ref done), count, "targets"));
                    },
                    cancellationToken);
                solving.Stop();
            }
        }
        finally
        {
            foreach (SharedGramTarget workspace in workspaces)
            {
                workspace.Dispose();
            }
        }

        SharedGramSolution solution = new(
            SparseColumns.FromColumns(design.Columns, [.. chosen.Select(point => point.Coefficients)]).ToCompressed(),
            [.. chosen.Select(point => point.Intercept)], [.. chosen.Select(point => point.Certificate)], correlating.Elapsed, solving.Elapsed);
        CompressedColumns<double> entersAt = SparseColumns.FromColumns(
            design.Columns, [.. chosen.Select(point => point.Coefficients is { } found ? new SparseVector(found.Indices, point.EntersAt) : null)]).ToCompressed();
        return new SharedPathSolution(solution, entersAt);
    }

    private static Point Follow(SharedGramTarget workspace, int target, SharedGramOptions options, int rows, double price, bool toTheEnd)
    {
        double first = 2 * workspace.LargestProduct;
        double last = options.Lambda ?? (options.Lambdas.Count > 0 ? options.Lambdas[target] : options.LambdaRatio!.Value * first);
        Dictionary<int, double> enters = [];
        (double Lambda, double Tolerance) best = default;
        double smallest = double.PositiveInfinity, left = 1;
        SparseVector? coefficients = null;
        TargetCertificate certificate = default;
        for (int k = 0, bestAt = 0; k < options.PathLength && k <= bestAt + LambdasWithoutProgress; k++)
        {
            bool isLast = k == options.PathLength - 1;
            double lambda = isLast || last >= first ? last : first * Math.Pow(last / first, k / (options.PathLength - 1.0));
            double tolerance = isLast ? options.Tolerance : PathTolerance(options, left, rows, price);
            (coefficients, certificate) = workspace.Solve(lambda, tolerance);
            int entries = coefficients?.Indices.Length ?? 0;
            for (int i = 0; i < entries; i++)
            {
                enters.TryAdd(coefficients!.Indices[i], lambda);
            }

            // A perfect fit has no logarithm; what is below the rounding of the null loss counts as that.
            double loss = Math.Max(certificate.Loss, 1e-14 * certificate.NullLoss);
            double criterion = certificate.NullLoss > 0 ? (rows * Math.Log(loss / rows)) + (entries * price) : 0;
            left = certificate.NullLoss > 0 ? Math.Min(1, loss / certificate.NullLoss) : 1;
            if (toTheEnd || criterion < smallest)
            {
                (smallest, bestAt, best) = (criterion, k, (lambda, tolerance));
            }
        }

        if (certificate.Lambda != best.Lambda || best.Tolerance > options.Tolerance)
        {
            (coefficients, certificate) = workspace.Solve(best.Lambda);
        }

        return new Point(coefficients, [.. (coefficients?.Indices ?? []).Select(index => Math.Max(best.Lambda, enters.GetValueOrDefault(index)))], workspace.Intercept(coefficients), certificate);
    }

    /// <summary>
    /// The gap up to which a point on the path is solved before its criterion is compared: so small a share of the loss that is left that the criterion is off by a tenth of a column's price at most.
    /// The point that is chosen is then solved to the tolerance asked for.
    /// </summary>
    private static double PathTolerance(SharedGramOptions options, double left, int rows, double price) =>
        Math.Clamp(PriceShare * price / rows * left, options.Tolerance, Math.Max(options.Tolerance, LoosestOnPath));

    private readonly record struct Point(SparseVector? Coefficients, double[] EntersAt, double Intercept, TargetCertificate Certificate);
}
