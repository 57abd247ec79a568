using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Stability selection (Meinshausen and Buhlmann 2010) with complementary pairs (Shah and Samworth 2013): the problem is solved again on many
/// half-samples of the rows, and an entry of A counts by how often it is not zero. A half-sample is half of the folds, its pair the other half;
/// its Gram matrix is the sum of its folds' statistics, so the rows are not read again. On m of M rows lambda is scaled by m / M, because the
/// objective sums over rows.
/// </summary>
/// <remarks>
/// Rows of one fold stay together: what must not be torn apart (tokens of one text, twins) belongs in one fold. With F folds there are
/// F! / (F/2)!^2 different half-samples, so take twenty folds or more; of an odd number one fold, drawn anew, sits out each pair. The same seed
/// gives the same bytes for any number of threads. Immutable.
/// </remarks>
public sealed class StabilitySelection
{
    private const int FewestFolds = 4;

    private StabilitySelection(BlockOrder order, SelectionCounts counts, int halfSamples, int missed)
    {
        Order = order;
        HalfSamples = halfSamples;
        Missed = missed;
        Frequencies = counts.Frequencies(halfSamples);
        BlockFrequencies = counts.BlockFrequencies(halfSamples);
        AverageSelected = Frequencies.Values.ToArray().Sum();
        for (int column = 0; column < order.Columns; column++)
        {
            Candidates += order.AllowedRanges(order.BlockOf(column)).Sum(range => (long)range.Length);
        }
    }

    /// <summary>The blocks.</summary>
    public BlockOrder Order { get; }

    /// <summary>Number of half-samples: twice the pairs.</summary>
    public int HalfSamples { get; }

    /// <summary>Share of half-samples in which A[i, j] is not zero, above 0 and at most 1; columns of H x columns of H.</summary>
    public SparseColumns Frequencies { get; }

    /// <summary>Share of half-samples in which A has an entry between two blocks: element (source, target).</summary>
    public double[,] BlockFrequencies { get; }

    /// <summary>Number of entries of A that are free.</summary>
    public long Candidates { get; }

    /// <summary>How many entries are not zero in a half-sample, on average.</summary>
    public double AverageSelected { get; }

    /// <summary>How many solves, over all half-samples and targets, missed their gap.</summary>
    public int Missed { get; }

    /// <summary>Solves all half-samples, one after another, targets in parallel.</summary>
    /// <param name="folds">Statistics of the folds of H, four or more.</param>
    /// <param name="order">The blocks of H.</param>
    /// <param name="penalty">The penalty as it applies to all rows.</param>
    /// <param name="options">How; the defaults if null.</param>
    /// <param name="solver">The solver; coordinate descent if null.</param>
    /// <param name="progress">Told about half-samples done.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <exception cref="InputException">There are fewer than four folds.</exception>
    /// <exception cref="ArgumentException">The solver does not support the penalty, or the penalty is of another size.</exception>
    public static StabilitySelection Run(
        FoldedGramStatistics folds, BlockOrder order, IPenalty penalty, StabilityOptions? options = null, IBlockSolver? solver = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new StabilityOptions();
        solver ??= new CoordinateDescentSolver();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Pairs, 1, nameof(options));
        if (folds.Folds < FewestFolds)
        {
            throw new InputException("folds", $"{folds.Folds} folds have no half-samples to choose from", $"deal the rows out to at least {FewestFolds} folds, better to twenty or more");
        }

        SelectionCounts counts = new(order);
        int missed = 0;
        for (int half = 0; half < 2 * options.Pairs; half++)
        {
            progress?.Report(new WorkProgress("resampling", half, 2 * options.Pairs, "half-samples"));
            using GramStatistics rows = folds.Union(HalfSample(folds.Folds, options.Seed, half));
            using BlockProblem problem = new(rows, order, options.Intercept, options.Standardize);
            LassoSolution solution = solver.Solve(problem, penalty.Scale((double)rows.Rows / folds.All.Rows), options.Solver, cancellationToken: cancellationToken);
            missed += solution.Missed;
            counts.Add(solution.ScaledCoefficients);
        }

        return new StabilitySelection(order, counts, 2 * options.Pairs, missed);
    }

    /// <summary>
    /// A bound of the expected number of entries whose frequency reaches the threshold although they are chosen no more often than by chance:
    /// q^2 / ((2 threshold - 1) p), q being <see cref="AverageSelected"/> and p <see cref="Candidates"/> (Meinshausen and Buhlmann 2010, theorem 1;
    /// Shah and Samworth 2013, theorem 1, for entries whose chance is below q / p).
    /// </summary>
    /// <param name="threshold">The frequency from which an entry counts, above 0.5 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is not above 0.5 and at most 1.</exception>
    public double ExpectedFalseSelections(double threshold)
    {
        if (!(threshold > 0.5 && threshold <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "the bound holds above 0.5 and up to 1");
        }

        return Candidates == 0 ? 0 : AverageSelected * AverageSelected / (((2 * threshold) - 1) * Candidates);
    }

    /// <summary>The folds of a half-sample, ascending; half-samples 2 k and 2 k + 1 are a pair.</summary>
    internal static int[] HalfSample(int folds, ulong seed, int half)
    {
        int size = folds / 2;
        return [.. SeededPermutation.Of(folds, seed, (ulong)(half / 2)).Skip(half % 2 * size).Take(size).Order()];
    }
}
