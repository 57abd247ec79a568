using System.Collections.Concurrent;
using System.Diagnostics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Many targets on one design and its shared float32 Gram matrix G = X'X: for each target, minimise ||y - X w||^2 + lambda ||w||_1, without
/// intercept or scaling. Coordinate descent on a working set that starts from the ten worst violators of |q[j]| at most lambda / 2, with
/// q = X'y - G w, and doubles until the certificate holds; on it G is packed, and every few passes an exact step is taken on the support.
/// </summary>
/// <remarks>
/// Scalars, coefficients, q over all columns, gaps and factorisations are float64. A certificate counts the rounding of G against the
/// target; where that would break it, the residual and its correlations are summed in float64 over the rows themselves. A target with
/// 2 max|X'y| at most lambda costs nothing. Holds no state; thread-safe; results do not depend on the number of threads.
/// </remarks>
public static class SharedGramSolver
{
    // What X'Y of the targets of one step may take.
    private const long ProductsPerStep = 1 << 23;

    /// <summary>Solves for every target.</summary>
    /// <param name="design">X.</param>
    /// <param name="gram">Its Gram matrix.</param>
    /// <param name="targets">Y, with as many rows.</param>
    /// <param name="options">The penalty, and when to stop.</param>
    /// <param name="progress">Told of targets done, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <returns>Coefficients, and a certificate for each target; a target that missed its gap says so.</returns>
    /// <exception cref="ArgumentException">The matrices do not fit each other, or not exactly one of lambda and its ratio is given.</exception>
    /// <exception cref="InputException">lambda, its ratio or the tolerance is not a positive number, or a target is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SharedGramSolution Solve(
        SharedDesign design,
        SharedGram gram,
        CompressedColumns<float> targets,
        SharedGramOptions options,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options.Check();
        if (gram.Columns != design.Columns || targets.RowCount != design.Rows)
        {
            throw new ArgumentException("the Gram matrix or the targets are not of this design");
        }

        SharedDesign.CheckFinite(targets, "targets");
        SparseVector?[] columns = new SparseVector?[targets.ColumnCount];
        TargetCertificate[] certificates = new TargetCertificate[columns.Length];
        ConcurrentBag<SharedGramTarget> workspaces = [];
        int step = (int)Math.Clamp(ProductsPerStep / design.Columns, 16, 4096);
        step = Math.Min(step, columns.Length);
        using NativeBuffer<double> products = new((nint)step * design.Columns, zeroed: false);
        Stopwatch correlating = new(), solving = new();
        int done = 0;
        for (int first = 0; first < columns.Length; first += step)
        {
            int count = Math.Min(step, columns.Length - first), start = first;
            cancellationToken.ThrowIfCancellationRequested();
            correlating.Start();
            design.Correlate(targets, first, count, products);
            correlating.Stop();
            solving.Start();
            DeterministicParallel.For(
                count,
                task =>
                {
                    SharedGramTarget workspace = workspaces.TryTake(out SharedGramTarget? spare) ? spare : new SharedGramTarget(design, gram, options);
                    (columns[start + task], certificates[start + task]) = workspace.Solve(targets, start + task, products.Slice((nint)task * design.Columns, design.Columns));
                    workspaces.Add(workspace);
                    progress?.Report(new WorkProgress("solve", Interlocked.Increment(ref done), columns.Length, "targets"));
                },
                cancellationToken);
            solving.Stop();
        }

        SparseColumns found = SparseColumns.FromColumns(design.Columns, columns);
        CompressedColumns<double> coefficients = new(design.Columns, found.ColumnStarts.ToArray(), found.RowIndices.ToArray(), found.Values.ToArray());
        return new SharedGramSolution(coefficients, certificates, correlating.Elapsed, solving.Elapsed);
    }
}
