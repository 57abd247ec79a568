using System.Numerics;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>The rows of learning data, read once, and the statistics that every regression of the circuit shares.</summary>
internal sealed class GatheredStatistics : IDisposable
{
    private const int FloatsAtOnce = 1 << 22;

    private GatheredStatistics(NativeBuffer<float> rows, FoldedGramStatistics folds)
    {
        Rows = rows;
        Folds = folds;
    }

    /// <summary>The design, rows x columns.</summary>
    public NativeBuffer<float> Rows { get; }

    /// <summary>Statistics of the design, with a numeric target as its last column.</summary>
    public FoldedGramStatistics Folds { get; }

    /// <summary>Bytes that learning holds at its peak, beside what the readers of the data hold: rows in float32 and float64, and the Gram matrices.</summary>
    /// <param name="rows">Rows of the design.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="folds">Rows held out together.</param>
    /// <param name="numbers">Whether the target is numeric, and so has fold statistics of its own beside those of the matrix.</param>
    /// <param name="resampled">Whether half-samples are drawn, from folds of their own.</param>
    public static long EstimateBytes(long rows, long columns, int folds, bool numbers, bool resampled = false)
    {
        long reading = MatricesWhileReading(rows, folds);

        // Once they are in: all rows and each fold, and then what chooses lambda holds in turn. For numbers that is the same again with the target and
        // its shuffles beside the design, and a problem a fold (NumberFits); for the matrix it is two problems and the rows outside a fold (CrossValidation).
        long gathered = folds + 1;
        long matrices = numbers
            ? gathered + Math.Max(reading, gathered + folds + 1)
            : Math.Max(reading, gathered + 4);

        // Half-samples: the problem of all rows, then finer folds as they are read, and once they are in, their sum, a half of it and its problem (EdgeStability).
        matrices = resampled
            ? Math.Max(matrices, gathered + 1 + Math.Max(MatricesWhileReading(rows, EdgeStability.Folds), EdgeStability.Folds + 3))
            : matrices;
        return (12 * rows * columns) + (8 * columns * columns * matrices);
    }

    // While rows come in, every fold keeps one Gram matrix for each level of its tree of blocks, and one is being made.
    private static long MatricesWhileReading(long rows, int folds) =>
        (folds * (BitOperations.Log2((ulong)(rows / folds / GramAccumulator.BlockRows) + 1) + 1)) + 1;

    /// <summary>Reads all rows.</summary>
    /// <param name="data">The design.</param>
    /// <param name="numbers">A numeric target, or null.</param>
    /// <param name="folds">Rows held out together.</param>
    /// <param name="progress">Told about rows read.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static GatheredStatistics Read(ILearningData data, double[]? numbers, FoldAssignment folds, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int columns = data.Blocks.Sum(block => block.Width);
        int piece = (int)Math.Clamp(FloatsAtOnce / columns, 1, data.Rows);
        using FoldedGramAccumulator accumulator = new(columns + (numbers is null ? 0 : 1), folds, data.Subject);
        NativeBuffer<float> kept = new(checked((nint)(data.Rows * columns)), zeroed: false);
        try
        {
            for (long start = 0; start < data.Rows; start += piece)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = (int)Math.Min(piece, data.Rows - start);
                Span<float> rows = kept.Slice((nint)(start * columns), count * columns);
                data.ReadRows(start, count, rows);
                Add(accumulator, rows, columns, numbers, start);
                progress?.Report(new WorkProgress("reading rows", start + count, data.Rows, "rows"));
            }

            return new GatheredStatistics(kept, accumulator.Finish());
        }
        catch
        {
            kept.Dispose();
            throw;
        }
    }

    /// <summary>Deals the rows, which are kept, out to other folds.</summary>
    /// <param name="folds">Which row goes to which fold.</param>
    /// <param name="numbers">The numeric target that the statistics hold, or null.</param>
    /// <param name="subject">What the rows are called in errors.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public FoldedGramStatistics Deal(FoldAssignment folds, double[]? numbers, string subject, CancellationToken cancellation)
    {
        int columns = Folds.All.Columns - (numbers is null ? 0 : 1);
        int piece = (int)Math.Clamp(FloatsAtOnce / columns, 1, Folds.All.Rows);
        using FoldedGramAccumulator accumulator = new(Folds.All.Columns, folds, subject);
        for (long start = 0; start < Folds.All.Rows; start += piece)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(piece, Folds.All.Rows - start);
            Add(accumulator, Rows.Slice((nint)(start * columns), count * columns), columns, numbers, start);
        }

        return accumulator.Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Rows.Dispose();
        Folds.Dispose();
    }

    // A numeric target is one more column at the end of each row.
    private static void Add(FoldedGramAccumulator accumulator, ReadOnlySpan<float> rows, int columns, double[]? numbers, long start)
    {
        if (numbers is null)
        {
            accumulator.Add(rows);
            return;
        }

        float[] wide = new float[columns + 1];
        for (int row = 0; row < rows.Length / columns; row++)
        {
            rows.Slice(row * columns, columns).CopyTo(wide);
            wide[columns] = (float)numbers[start + row];
            accumulator.Add(wide);
        }
    }
}
