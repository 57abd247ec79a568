using System.Numerics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// A design by compressed columns and by compressed rows. Column j of X'X is the sum of the rows that column j touches, each times its entry
/// (Gustavson 1978), so the whole takes as many multiply-adds as the sum over rows of the square of their entries, however many columns there are.
/// Sums run over aligned blocks of <see cref="BlockRows"/> rows that are merged along one binary tree of their indices.
/// </summary>
public sealed class SparseDesign : SharedDesign
{
    /// <summary>Rows of one aligned block: so many that merging the blocks of a column costs little beside summing them.</summary>
    public const int BlockRows = 1 << 20;

    private const int ColumnsPerTask = 32;
    private const int SampledColumns = 256;

    // An estimate so many times too large is believed without building.
    private const double FarAbove = 1.25;
    private readonly CompressedColumns<float> _columns;
    private readonly CompressedColumns<float> _rows;
    private readonly int _blockRows;

    internal SparseDesign(CompressedColumns<float> matrix, bool centred, int blockRows = BlockRows, CompressedColumns<float>? transpose = null)
        : base(matrix.RowCount, matrix.ColumnCount, centred)
    {
        _blockRows = blockRows;
        _columns = matrix;
        _rows = transpose ?? matrix.Transpose();
        Centre();
    }

    /// <inheritdoc/>
    public override long Entries => _columns.EntryCount;

    /// <inheritdoc/>
    public override long EstimateGramBytes()
    {
        int step = Math.Max(1, Columns / SampledColumns), sampled = 0;
        long bytes = 0;
        double[] sums = new double[Columns];
        GramColumnSums accumulator = new(_columns, _rows, _blockRows);
        for (int j = step / 2; j < Columns; j += step)
        {
            Accumulate(accumulator, j, sums);
            bytes += SharedGramBuilder.Bytes(Columns, sums.Length - sums.AsSpan().Count(0));
            Array.Clear(sums);
            sampled++;
        }

        return (long)(bytes * ((double)Columns / sampled));
    }

    /// <inheritdoc/>
    public override SharedGram? ComputeGram(long maximumBytes = long.MaxValue, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        long nodes = Rows <= _blockRows ? 0 : 2 + BitOperations.Log2((uint)((Rows - 1) / _blockRows));
        bool[] together = SummedTogether();
        long neighbours = together.Contains(true) ? FrequentColumnSums.WorkingBytes(Rows, Columns) : 0;
        long room = maximumBytes - SharedGramBuilder.WorkingBytes(Columns, ColumnsPerTask) - (Environment.ProcessorCount * (neighbours + (nodes * 8L * Columns)));
        if (room < 0 || EstimateGramBytes() > FarAbove * room)
        {
            return null;
        }

        long total = 0, done = 0;
        for (int i = 0; i < Rows; i++)
        {
            total += (long)_rows.RowsOf(i).Length * _rows.RowsOf(i).Length;
        }

        SharedGramBuilder builder = new(Columns, ColumnsPerTask, room);
        builder.Run(
            () =>
            {
                SharedGramBuilder.Fill single = CreateColumnSums();
                FrequentColumnSums? frequent = null;
                return (column, sums) =>
                {
                    if (!together[column])
                    {
                        return single(column, sums);
                    }

                    (frequent ??= new FrequentColumnSums(_columns)).Sum(column, sums);
                    ClearConstants(sums);
                    return null;
                };
            },
            columns =>
            {
                long work = columns.Sum(column => Work(column));
                double share = (double)Interlocked.Add(ref done, work) / Math.Max(1, total);
                progress?.Report(new WorkProgress("Gram matrix", (long)(Columns * share), Columns, "columns"));
            },
            cancellationToken);
        return builder.IsFull ? null : builder.Finish(GramOffsets());
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        // All of it is on the managed heap.
    }

    internal override DesignColumn Column(int column) => new(_columns.RowsOf(column), _columns.ValuesOf(column), isWhole: false);

    internal override SparseDesign SelectRows(ReadOnlySpan<int> rows) => new(_columns.SelectRows(rows), IsCentred, _blockRows);

    private protected override void CorrelateEntries(CompressedColumns<float> targets, int first, int count, NativeBuffer<double> products) =>
        DeterministicParallel.For(count, t =>
        {
            Span<double> sums = products.Slice((nint)t * Columns, Columns);
            sums.Clear();
            SparseRows.AddScaled(_rows, targets.RowsOf(first + t), targets.ValuesOf(first + t), sums);
        });

    private protected override void CorrelateEntries(ReadOnlySpan<double> residual, Span<double> products)
    {
        products.Clear();
        for (int i = 0; i < residual.Length; i++)
        {
            VectorLoops.Scatter(residual[i], _rows.RowsOf(i), _rows.ValuesOf(i), products);
        }
    }

    // G_c[i,j] is the entry less the product of two of them.
    internal override double[] GramOffsets() =>
        [.. Enumerable.Range(0, IsCentred ? Columns : 0).Select(j => IsConstant(j) ? 0 : Math.Sqrt(Rows) * Means[j])];

    internal override SharedGramBuilder.Fill CreateColumnSums()
    {
        GramColumnSums accumulator = new(_columns, _rows, _blockRows);
        return (column, sums) =>
        {
            Accumulate(accumulator, column, sums);
            return Reach(column);
        };
    }

    // Neighbours are summed together where enough of them have entries in many rows; sums of several blocks of rows are merged along their tree instead.
    private bool[] SummedTogether()
    {
        bool[] frequent = [.. Enumerable.Range(0, Columns).Select(column => FrequentColumnSums.IsFrequent(_columns, column) && !IsConstant(column))];
        int size = FrequentColumnSums.Neighbours;
        return [.. Enumerable.Range(0, Columns).Select(column => Rows <= _blockRows && frequent[column] && frequent.AsSpan(column / size * size, Math.Min(size, Columns - (column / size * size))).Count(true) >= size / 4)];
    }

    private void Accumulate(GramColumnSums accumulator, int column, Span<double> sums)
    {
        if (!IsConstant(column))
        {
            accumulator.Sum(column, sums);
            ClearConstants(sums);
        }
    }

    // Multiply-adds of a column of X'X.
    private long Work(int column)
    {
        long work = 0;
        foreach (int row in _columns.RowsOf(column))
        {
            work += _rows.RowsOf(row).Length;
        }

        return work;
    }

    // The indices that column j of X'X may have entries at, where they are few; else null, and all must be looked at.
    private int[]? Reach(int column)
    {
        long bound = Work(column);
        if (bound * 16 > Columns)
        {
            return null;
        }

        int[] reached = new int[bound];
        int at = 0;
        foreach (int row in _columns.RowsOf(column))
        {
            _rows.RowsOf(row).CopyTo(reached.AsSpan(at));
            at += _rows.RowsOf(row).Length;
        }

        Array.Sort(reached);
        return reached;
    }
}
