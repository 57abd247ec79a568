using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Stability selection on a <see cref="SharedDesign"/> (see <see cref="StabilitySelection"/> for the method): how often each coefficient is
/// not zero over complementary half-samples of the rows, at m / M of the lambda when m of M rows are used.
/// </summary>
/// <remarks>
/// The rows are dealt out to twenty folds in runs of neighbours (<see cref="FoldAssignment.ForRows"/>), and a half-sample is half of the
/// folds. The X'X of each fold of a dense design is summed once; a sparse design is summed over the rows of each half, which costs no more
/// than adding up the folds. The same seed gives the same bytes for any number of threads.
/// </remarks>
public static class SharedStability
{
    private const int Folds = 20;
    private const long BytesPerEntry = 8;

    /// <summary>Solves all half-samples.</summary>
    /// <param name="design">X; where it is centred, each half-sample has means of its own.</param>
    /// <param name="targets">Y.</param>
    /// <param name="solution">The solution on all rows, at one lambda for each target.</param>
    /// <param name="options">How it was found; its lambdas are replaced by those of the solution.</param>
    /// <param name="halfSamples">Number of half-samples, an even number of at least two.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <param name="maximumBytes">What half-samples and their Gram matrices may take beside the design; columns of X'X are kept up to it where the matrix does not fit.</param>
    /// <param name="progress">Told of half-samples done, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <returns>Frequencies above 0 and up to 1, columns of the design x targets, and how many solves missed their gap.</returns>
    /// <exception cref="ArgumentException">The solution is of other targets, or of a path.</exception>
    /// <exception cref="InputException">There are fewer rows than folds.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static (CompressedColumns<double> Frequencies, int Missed) Run(
        SharedDesign design,
        CompressedColumns<float> targets,
        SharedGramSolution solution,
        SharedGramOptions options,
        int halfSamples,
        ulong seed = 0,
        long maximumBytes = long.MaxValue,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Run(design, targets, solution, options, FoldAssignment.ForRows(design.Rows, Folds), halfSamples, seed, maximumBytes, progress, cancellationToken);

    /// <summary>Solves all half-samples, put together from folds of one's own: twenty or more of them, and of groups where rows belong to groups.</summary>
    /// <param name="design">X; where it is centred, each half-sample has means of its own.</param>
    /// <param name="targets">Y.</param>
    /// <param name="solution">The solution on all rows, at one lambda for each target.</param>
    /// <param name="options">How it was found; its lambdas are replaced by those of the solution.</param>
    /// <param name="assignment">Which row goes to which fold.</param>
    /// <param name="halfSamples">Number of half-samples, an even number of at least two.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <param name="maximumBytes">What half-samples and their Gram matrices may take beside the design; columns of X'X are kept up to it where the matrix does not fit.</param>
    /// <param name="progress">Told of half-samples done, or null.</param>
    /// <param name="cancellationToken">Stops between targets.</param>
    /// <returns>Frequencies above 0 and up to 1, columns of the design x targets, and how many solves missed their gap.</returns>
    /// <exception cref="ArgumentException">The solution is of other targets or of a path, or a fold has no rows.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static (CompressedColumns<double> Frequencies, int Missed) Run(
        SharedDesign design,
        CompressedColumns<float> targets,
        SharedGramSolution solution,
        SharedGramOptions options,
        FoldAssignment assignment,
        int halfSamples,
        ulong seed = 0,
        long maximumBytes = long.MaxValue,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (solution.Certificates.Count != targets.ColumnCount)
        {
            throw new ArgumentException("the solution is not one of these targets at one lambda each", nameof(solution));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(halfSamples, 2);
        ArgumentOutOfRangeException.ThrowIfNotEqual(halfSamples % 2, 0, nameof(halfSamples));
        int[] foldOfRow = [.. Enumerable.Range(0, design.Rows).Select(row => assignment.FoldOf(row))];
        // A half-sample is half of the design once more, by columns and by rows where it is sparse.
        long room = maximumBytes - (BytesPerEntry * design.Entries);
        using FoldedDesign folds = new(design, foldOfRow, room / 2, cancellationToken: cancellationToken);
        room -= folds.Bytes;
        EntryCounts counts = new(design.Columns, targets.ColumnCount);
        int missed = 0;
        for (int half = 0; half < halfSamples; half++)
        {
            progress?.Report(new WorkProgress("resampling", half, halfSamples, "half-samples"));
            int[] chosen = StabilitySelection.HalfSample(folds.Folds, seed, half);
            using SharedDesign rows = folds.Select(chosen);
            using SharedGram? gram = rows.ComputeGram(room, cancellationToken: cancellationToken);
            double share = (double)rows.Rows / design.Rows;

            // A target that nothing correlates with has lambda zero; any other gives the same answer.
            double[] lambdas = [.. solution.Certificates.Select(certificate => Math.Max(share * certificate.Lambda, double.Epsilon))];
            SharedGramSolution part = SharedGramSolver.Solve(
                rows, gram, folds.Select(targets, chosen), options with { Lambda = null, LambdaRatio = null, PathLength = 1, Lambdas = lambdas, ColumnBytes = Math.Max(0, room) }, cancellationToken: cancellationToken);
            missed += part.Missed;
            for (int t = 0; t < targets.ColumnCount; t++)
            {
                counts.Add(t, part.Coefficients.RowsOf(t));
            }
        }

        progress?.Report(new WorkProgress("resampling", halfSamples, halfSamples, "half-samples"));
        return (counts.Frequencies(halfSamples).ToCompressed(), missed);
    }
}
