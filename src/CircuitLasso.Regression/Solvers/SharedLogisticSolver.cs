using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// l1-penalised classifiers on one design: minimise L(X w + b) + lambda sum over j of v[j] |w[j]|, L a sum of log-losses, v the penalty weights
/// (ones unless given), b absent or unpenalised. Proximal Newton, with r = p - y and omega = p (1 - p):
/// <code>
/// minimise over d, d0:  r'(X d + d0) + 1/2 sum omega (X d + d0)^2 + lambda |w + d|_1    on the weighted Gram matrix of a working set
/// w := w + t d, b := b + t d0,                                                        t halved until the objective has gone down
/// </code>
/// The working set starts from the worst violators of |X[:,j]'r| at most lambda v[j] and doubles until the certificate holds: s r with
/// s = min(1, lambda min over j of v[j] / |X[:,j]'r|) is dual feasible, and gives the gap. The certificate is computed in float64, over all
/// columns, from scores that are summed afresh from the coefficients.
/// </summary>
/// <remarks>Holds no state; thread-safe; results do not depend on the number of threads.</remarks>
public static class SharedLogisticSolver
{
    /// <summary>The smallest lambda at which every coefficient is zero: max over j of |X[:,j]'(p0 - y)| / v[j].</summary>
    /// <param name="design">X.</param>
    /// <param name="loss">The loss with its labels.</param>
    /// <param name="options">Intercept and penalty weights.</param>
    /// <exception cref="ArgumentException">The loss has another number of rows, or not exactly one of lambda and its ratio is given.</exception>
    /// <exception cref="InputException">A number of the options is not positive.</exception>
    public static double MaximumLambda(SharedDesign design, IClassificationLoss loss, SharedLogisticOptions options)
    {
        Check(design, loss.Rows, options, [1]);
        SharedLogisticState state = new(design, options);
        state.Start(loss);
        return state.MaximumLambda;
    }

    /// <summary>Refuses targets that are no columns of zeros and ones.</summary>
    /// <param name="targets">Y.</param>
    /// <param name="subject">What it is called in errors.</param>
    /// <exception cref="InputException">As said; the message names the row and the column, both from 0.</exception>
    public static void CheckClasses(CompressedColumns<float> targets, string subject = "targets")
    {
        ArgumentNullException.ThrowIfNull(targets);
        for (int t = 0; t < targets.ColumnCount; t++)
        {
            ReadOnlySpan<float> values = targets.ValuesOf(t);
            for (int i = 0; i < values.Length; i++)
            {
                if (values[i] is not (0 or 1))
                {
                    throw new InputException(subject, $"row {targets.RowsOf(t)[i]}, column {t} is {values[i].ToString(CultureInfo.InvariantCulture)}, and classes are 0 and 1", "give 1 for the rows of the class and 0 for the others");
                }
            }
        }
    }

    /// <summary>Solves for every target, a column of zeros and ones.</summary>
    /// <param name="design">X.</param>
    /// <param name="targets">Y, with as many rows; an entry is 1 where the row is of the class.</param>
    /// <param name="options">The penalty, and when to stop.</param>
    /// <param name="progress">Told of targets done, or null.</param>
    /// <param name="cancellationToken">Stops between Newton steps.</param>
    /// <returns>Coefficients, and a certificate for each target; a target that missed its gap says so.</returns>
    /// <exception cref="ArgumentException">The matrices do not fit each other, or not exactly one of lambda and its ratio is given.</exception>
    /// <exception cref="InputException">A number of the options is not positive, or a target is neither 0 nor 1 in a row, which is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SharedLogisticSolution Solve(
        SharedDesign design, CompressedColumns<float> targets, SharedLogisticOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default) =>
        SolvePath(design, targets, options, [1], progress, cancellationToken)[0];

    /// <summary>Solves for every target at shares of its lambda, each from the solution before.</summary>
    /// <param name="design">X.</param>
    /// <param name="targets">Y, with as many rows; an entry is 1 where the row is of the class.</param>
    /// <param name="options">The penalty, and when to stop.</param>
    /// <param name="shares">What the lambda of the options is multiplied by: positive, each smaller than the one before.</param>
    /// <param name="progress">Told of targets done, or null.</param>
    /// <param name="cancellationToken">Stops between Newton steps.</param>
    /// <returns>A solution for each share.</returns>
    /// <exception cref="ArgumentException">The matrices do not fit each other, or not exactly one of lambda and its ratio is given.</exception>
    /// <exception cref="InputException">A number is not positive, the shares do not fall, or a target is neither 0 nor 1 in a row, which is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IReadOnlyList<SharedLogisticSolution> SolvePath(
        SharedDesign design,
        CompressedColumns<float> targets,
        SharedLogisticOptions options,
        IReadOnlyList<double> shares,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Check(design, targets.RowCount, options, shares);
        SharedDesign.CheckFinite(targets, "targets");
        CheckClasses(targets);
        return Run(design, targets.ColumnCount, target => new LogisticLoss(Labels(targets, target)), options, shares, progress, cancellationToken);
    }

    /// <summary>Solves for the classes of one target, at shares of its lambda, each from the solution before.</summary>
    /// <param name="design">X.</param>
    /// <param name="loss">The loss with its labels: two classes or more.</param>
    /// <param name="options">The penalty, and when to stop.</param>
    /// <param name="shares">What the lambda of the options is multiplied by: positive, each smaller than the one before; 1 alone for one solution.</param>
    /// <param name="cancellationToken">Stops between Newton steps.</param>
    /// <returns>A solution for each share, with one certificate each.</returns>
    /// <exception cref="ArgumentException">The loss has another number of rows, or not exactly one of lambda and its ratio is given.</exception>
    /// <exception cref="InputException">A number is not positive, or the shares do not fall.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IReadOnlyList<SharedLogisticSolution> SolveClasses(
        SharedDesign design, IClassificationLoss loss, SharedLogisticOptions options, IReadOnlyList<double> shares, CancellationToken cancellationToken = default)
    {
        Check(design, loss.Rows, options, shares);
        return Run(design, 1, _ => loss, options, shares, null, cancellationToken);
    }

    private static SharedLogisticSolution[] Run(
        SharedDesign design, int targets, Func<int, IClassificationLoss> lossOf, SharedLogisticOptions options, IReadOnlyList<double> shares, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        (SparseVector Coefficients, double Intercept)[][][] found = [.. shares.Select(_ => new (SparseVector, double)[targets][])];
        TargetCertificate[][] certificates = [.. shares.Select(_ => new TargetCertificate[targets])];
        long[] ticks = new long[shares.Count];
        ConcurrentBag<SharedLogisticState> workspaces = [];
        int done = 0;
        DeterministicParallel.For(
            targets,
            target =>
            {
                SharedLogisticState state = workspaces.TryTake(out SharedLogisticState? spare) ? spare : new SharedLogisticState(design, options);
                long before = Stopwatch.GetTimestamp();
                state.Start(lossOf(target));
                double lambda = options.Lambda ?? (options.LambdaRatio!.Value * state.MaximumLambda);
                for (int point = 0; point < shares.Count; point++)
                {
                    certificates[point][target] = state.Run(target, shares[point] * lambda, cancellationToken);
                    found[point][target] = [.. Enumerable.Range(0, state.Classes).Select(c => (state.ToVector(c), state.Intercept(c)))];
                    long now = Stopwatch.GetTimestamp();
                    Interlocked.Add(ref ticks[point], now - before);
                    before = now;
                }

                workspaces.Add(state);
                progress?.Report(new WorkProgress("solve", Interlocked.Increment(ref done), targets, "targets"));
            },
            cancellationToken);
        return [.. shares.Select((_, point) => Assemble(design.Columns, found[point], certificates[point], Stopwatch.GetElapsedTime(0, ticks[point])))];
    }

    private static SharedLogisticSolution Assemble(int columns, (SparseVector Coefficients, double Intercept)[][] found, TargetCertificate[] certificates, TimeSpan time)
    {
        (SparseVector Coefficients, double Intercept)[] all = [.. found.SelectMany(target => target)];
        CompressedColumns<double> coefficients = SparseColumns.FromColumns(columns, [.. all.Select(column => column.Coefficients)]).ToCompressed();
        return new SharedLogisticSolution(coefficients, [.. all.Select(column => column.Intercept)], certificates, time);
    }

    private static void Check(SharedDesign design, int rows, SharedLogisticOptions options, IReadOnlyList<double> shares)
    {
        options.Check(design.Columns);
        if (rows != design.Rows)
        {
            throw new ArgumentException($"there are labels for {rows} rows, and the design has {design.Rows}");
        }

        for (int i = 0; i < shares.Count; i++)
        {
            SharedLogisticOptions.CheckPositive("share of lambda", shares[i], "without a penalty nothing is sparse: give numbers above zero");
            if (i > 0 && shares[i] >= shares[i - 1])
            {
                throw new InputException("shares of lambda", $"{shares[i].ToString(CultureInfo.InvariantCulture)} comes after a smaller or equal one", "give them falling, so that each starts from the one before");
            }
        }
    }

    private static int[] Labels(CompressedColumns<float> targets, int target)
    {
        int[] labels = new int[targets.RowCount];
        ReadOnlySpan<int> rows = targets.RowsOf(target);
        ReadOnlySpan<float> values = targets.ValuesOf(target);
        for (int i = 0; i < rows.Length; i++)
        {
            labels[rows[i]] = (int)values[i];
        }

        return labels;
    }
}
