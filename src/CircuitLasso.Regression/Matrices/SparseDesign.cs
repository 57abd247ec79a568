using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// A design by compressed columns and by compressed rows. Column j of X'X is the sum of the rows that column j touches, each times its entry
/// (Gustavson 1978), so the whole takes as many multiply-adds as the sum over rows of the square of their entries, however many columns there are.
/// </summary>
public sealed class SparseDesign : SharedDesign
{
    private const int ColumnsPerTask = 32;
    private const int SampledColumns = 256;
    private readonly CompressedColumns<float> _columns;
    private readonly CompressedColumns<float> _rows;

    internal SparseDesign(CompressedColumns<float> matrix)
        : base(matrix.RowCount, matrix.ColumnCount)
    {
        _columns = matrix;
        _rows = matrix.Transpose();
    }

    /// <inheritdoc/>
    public override long Entries => _columns.EntryCount;

    /// <inheritdoc/>
    public override long EstimateGramBytes()
    {
        int step = Math.Max(1, Columns / SampledColumns), sampled = 0;
        long bytes = 0;
        double[] sums = new double[Columns];
        for (int j = step / 2; j < Columns; j += step)
        {
            Accumulate(j, sums);
            bytes += SharedGramBuilder.Bytes(Columns, sums.Length - sums.AsSpan().Count(0));
            Array.Clear(sums);
            sampled++;
        }

        return (long)(bytes * ((double)Columns / sampled));
    }

    /// <inheritdoc/>
    public override SharedGram ComputeGram(CancellationToken cancellationToken = default)
    {
        SharedGramBuilder builder = new(Columns, ColumnsPerTask);
        builder.Run(
            (column, sums) =>
            {
                Accumulate(column, sums);
                return Reach(column);
            },
            cancellationToken);
        return builder.Finish();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        // All of it is on the managed heap.
    }

    internal override DesignColumn Column(int column) => new(_columns.RowsOf(column), _columns.ValuesOf(column), isWhole: false);

    internal override void Correlate(CompressedColumns<float> targets, int first, int count, NativeBuffer<double> products) =>
        DeterministicParallel.For(count, t =>
        {
            Span<double> sums = products.Slice((nint)t * Columns, Columns);
            sums.Clear();
            ReadOnlySpan<int> rows = targets.RowsOf(first + t);
            ReadOnlySpan<float> values = targets.ValuesOf(first + t);
            for (int i = 0; i < rows.Length; i++)
            {
                VectorLoops.Scatter(values[i], _rows.RowsOf(rows[i]), _rows.ValuesOf(rows[i]), sums);
            }
        });

    internal override void Subtract(ReadOnlySpan<int> columns, ReadOnlySpan<double> weights, Span<double> y)
    {
        for (int i = 0; i < columns.Length; i++)
        {
            Column(columns[i]).AddScaledTo(-weights[i], y);
        }
    }

    internal override void Correlate(ReadOnlySpan<double> residual, Span<double> products)
    {
        products.Clear();
        for (int i = 0; i < residual.Length; i++)
        {
            VectorLoops.Scatter(residual[i], _rows.RowsOf(i), _rows.ValuesOf(i), products);
        }
    }

    private void Accumulate(int column, Span<double> sums)
    {
        ReadOnlySpan<int> rows = _columns.RowsOf(column);
        ReadOnlySpan<float> values = _columns.ValuesOf(column);
        for (int i = 0; i < rows.Length; i++)
        {
            VectorLoops.Scatter(values[i], _rows.RowsOf(rows[i]), _rows.ValuesOf(rows[i]), sums);
        }
    }

    // The indices that column j of X'X may have entries at, where they are few; else null, and all must be looked at.
    private int[]? Reach(int column)
    {
        long bound = 0;
        foreach (int row in _columns.RowsOf(column))
        {
            bound += _rows.RowsOf(row).Length;
        }

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
