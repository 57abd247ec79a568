using System.Diagnostics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Many targets on one design and its shared float32 Gram matrix G = X'X: for each target, minimise ||y - X w||^2 + lambda sum_j c[j] |w[j]|.
/// Coordinate descent on a working set that starts from the worst violators of |q[j]| at most c[j] lambda / 2, with q = X'y - G w, and doubles
/// until the certificate holds; on it G is packed, and every few passes an exact step is taken on the support.
/// </summary>
/// <remarks>
/// Scalars, coefficients, q over all columns, gaps and factorisations are float64. A certificate counts the rounding of G against the
/// target; where that would break it, the residual and its correlations are summed in float64 over the rows themselves. A target with
/// 2 max|X'y| at most lambda costs nothing. On a centred design every regression has an unpenalised intercept, and a constant column
/// explains nothing. Holds no state; thread-safe; results do not depend on the number of threads.
/// </remarks>
public static class SharedGramSolver
{
    // What X'Y of the targets of one step may take.
    private const long ProductsPerStep = 1 << 21;

    /// <summary>What X'Y of the targets that are worked on together takes, in bytes.</summary>
    /// <param name="design">The design.</param>
    public static long ProductBytes(SharedDesign design) => 8 * Math.Max(ProductsPerStep, 32L * design.Columns);

    /// <summary>Solves for every target.</summary>
    /// <param name="design">X.</param>
    /// <param name="gram">Its Gram matrix, or null where it does not fit: then its columns are computed where they are needed.</param>
    /// <param name="targets">Y, with as many rows.</param>
    /// <param name="options">The penalty, and when to stop.</param>
    /// <param name="solved">Filled with the targets as they are done; those that are done already are left as they are. Null for none.</param>
    /// <param name="progress">Told of targets done, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <returns>Coefficients, and a certificate for each target; a target that missed its gap says so.</returns>
    /// <exception cref="ArgumentException">The matrices or the solved targets do not fit each other, or not exactly one of lambda, lambdas and ratio is given.</exception>
    /// <exception cref="InputException">lambda, its ratio, a factor or the tolerance is not a positive number, or a target is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SharedGramSolution Solve(
        SharedDesign design,
        SharedGram? gram,
        CompressedColumns<float> targets,
        SharedGramOptions options,
        SolvedTargets? solved = null,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options.Check(design.Columns, targets.ColumnCount);
        if ((gram is not null && gram.Columns != design.Columns) || targets.RowCount != design.Rows)
        {
            throw new ArgumentException("the Gram matrix or the targets are not of this design");
        }

        SharedDesign.CheckFinite(targets, "targets");
        using SharedGramProblem problem = new(design, gram, options);
        int count = targets.ColumnCount;
        int step = (int)Math.Min(Math.Clamp(ProductsPerStep / design.Columns, 32, 4096), count);
        using NativeBuffer<double> products = new((nint)step * design.Columns, zeroed: false);
        Stopwatch correlating = new(), solving = new();
        SharedGramRun run = new(problem, Targets(solved, design, count, options), progress);
        if (options is { PathLength: > 1, Lambda: not null })
        {
            ForEachStep((first, task) => run.Include(products.Slice((nint)task * design.Columns, design.Columns), problem.Whole));
        }

        ForEachStep((first, task) => run.Solve(targets, first + task, products.Slice((nint)task * design.Columns, design.Columns), problem.Whole));
        return run.Finish(correlating.Elapsed, solving.Elapsed);

        void ForEachStep(Action<int, int> solve)
        {
            for (int first = 0; first < count; first += step)
            {
                int some = Math.Min(step, count - first), start = first;
                cancellationToken.ThrowIfCancellationRequested();
                correlating.Start();
                design.Correlate(targets, first, some, products);
                correlating.Stop();
                solving.Start();
                DeterministicParallel.For(some, task => solve(start, task), cancellationToken);
                solving.Stop();
            }
        }
    }

    /// <summary>
    /// Solves the paper's problem on the design itself: each block of columns is explained by the blocks before it in computation order, and
    /// X'Y is read off the Gram matrix. Coefficients that the order forbids do not exist; nothing of the design is copied.
    /// </summary>
    /// <param name="design">H.</param>
    /// <param name="gram">Its Gram matrix, or null where it does not fit: then its columns are computed where they are needed.</param>
    /// <param name="order">The blocks of the design's columns.</param>
    /// <param name="options">The penalty, and when to stop.</param>
    /// <param name="solved">Filled with the targets as they are done; those that are done already are left as they are. Null for none.</param>
    /// <param name="progress">Told of targets done, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <returns>Coefficients, columns x columns, and a certificate for each column, also those that nothing may explain.</returns>
    /// <exception cref="ArgumentException">The matrices, the order or the solved targets do not fit each other, or not exactly one of lambda, lambdas and ratio is given.</exception>
    /// <exception cref="InputException">lambda, its ratio, a factor or the tolerance is not a positive number.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SharedGramSolution SolveBlocks(
        SharedDesign design,
        SharedGram? gram,
        BlockOrder order,
        SharedGramOptions options,
        SolvedTargets? solved = null,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options.Check(design.Columns, design.Columns);
        if ((gram is not null && gram.Columns != design.Columns) || order.Columns != design.Columns)
        {
            throw new ArgumentException("the Gram matrix or the blocks are not of this design");
        }

        using SharedGramProblem problem = new(design, gram, options);
        ColumnRange[][] allowed = [.. Enumerable.Range(0, order.Blocks.Count).Select(block => order.IsTarget(block) ? order.AllowedRanges(block) : [])];
        int count = design.Columns;
        SharedGramRun run = new(problem, Targets(solved, design, count, options), progress);
        Stopwatch solving = Stopwatch.StartNew();
        if (options is { PathLength: > 1, Lambda: not null })
        {
            DeterministicParallel.For(count, target => run.IncludeColumn(target, allowed[order.BlockOf(target)]), cancellationToken);
        }

        // The widest targets come last in computation order and take longest: start with them.
        DeterministicParallel.For(count, task => run.SolveColumn(count - 1 - task, allowed[order.BlockOf(count - 1 - task)]), cancellationToken);
        return run.Finish(TimeSpan.Zero, solving.Elapsed);
    }

    private static SolvedTargets Targets(SolvedTargets? solved, SharedDesign design, int count, SharedGramOptions options) =>
        solved is null || (solved.Features, solved.Targets, solved.PathLength) == (design.Columns, count, options.PathLength)
            ? solved ?? new SolvedTargets(design.Columns, count, options.PathLength)
            : throw new ArgumentException("the solved targets are of another problem", nameof(solved));
}
