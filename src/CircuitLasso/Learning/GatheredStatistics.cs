using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>Reads the rows of learning data once, piece by piece, into the statistics that every regression of the circuit shares.</summary>
internal static class GatheredStatistics
{
    private const int FloatsAtOnce = 1 << 22;

    /// <summary>The blocks of the design in order, with a numeric target as the last column where there is one.</summary>
    public static BlockOrder Order(ILearningData data, bool withTargetColumn)
    {
        List<RegressionBlock> blocks = [];
        int column = 0;
        foreach (LearningBlock block in data.Blocks)
        {
            blocks.Add(new RegressionBlock(block.Name, column, block.Width, block.Place, block.Kind == CircuitNodeKind.Target ? BlockRole.TargetOnly : BlockRole.SourceAndTarget));
            column += block.Width;
        }

        if (withTargetColumn)
        {
            blocks.Add(new RegressionBlock("y", column, 1, data.Blocks.Max(block => block.Place) + 1, BlockRole.TargetOnly));
        }

        return new BlockOrder(blocks);
    }

    /// <summary>Accumulates the design, and the target's numbers as its last column.</summary>
    public static FoldedGramStatistics Read(ILearningData data, double[]? numbers, FoldAssignment folds, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int designColumns = data.Blocks.Sum(block => block.Width);
        int columns = designColumns + (numbers is null ? 0 : 1);
        int piece = (int)Math.Clamp(FloatsAtOnce / columns, 1, data.Rows);
        float[] rows = new float[piece * designColumns];
        float[] wide = numbers is null ? rows : new float[piece * columns];
        using FoldedGramAccumulator accumulator = new(columns, folds, data.Subject);
        for (long start = 0; start < data.Rows; start += piece)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(piece, data.Rows - start);
            data.ReadRows(start, count, rows);
            if (numbers is not null)
            {
                for (int row = 0; row < count; row++)
                {
                    rows.AsSpan(row * designColumns, designColumns).CopyTo(wide.AsSpan(row * columns));
                    wide[(row * columns) + designColumns] = (float)numbers[start + row];
                }
            }

            accumulator.Add(wide.AsSpan(0, count * columns));
            progress?.Report(new WorkProgress("reading rows", start + count, data.Rows, "rows"));
        }

        return accumulator.Finish();
    }
}
