using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>A design of plain numbers, row after row, outside the managed heap.</summary>
internal sealed class RowMajorDesign : SharedDesign
{
    private const int RowsPerProduct = 1024;
    private const int ColumnsPerTask = 32;
    private readonly NativeBuffer<float> _values;

    public RowMajorDesign(CompressedColumns<float> matrix)
        : base(matrix.RowCount, matrix.ColumnCount)
    {
        _values = new NativeBuffer<float>((nint)Rows * Columns);
        Entries = matrix.EntryCount;
        for (int j = 0; j < Columns; j++)
        {
            ReadOnlySpan<int> rows = matrix.RowsOf(j);
            for (int i = 0; i < rows.Length; i++)
            {
                _values.Slice(((nint)rows[i] * Columns) + j, 1)[0] = matrix.ValuesOf(j)[i];
            }
        }
    }

    public override long Entries { get; }

    // The float64 sums and their float32 copy.
    public override long EstimateGramBytes() => 12L * Columns * Columns;

    public override SharedGram ComputeGram(CancellationToken cancellationToken = default)
    {
        if ((long)Columns * Columns > Array.MaxLength)
        {
            throw new InputException("design", $"a dense design of {Columns} columns has too large a Gram matrix", "give fewer columns");
        }

        using NativeBuffer<double> sums = new((nint)Columns * Columns);
        for (int start = 0; start < Rows; start += RowsPerProduct)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(RowsPerProduct, Rows - start);
            SymmetricProduct.RankK(count, Columns, 1.0, _values.Slice((nint)start * Columns, count * Columns), Columns, 1.0, sums.Span, Columns);
        }

        SharedGramBuilder builder = new(Columns, ColumnsPerTask);
        builder.Run(
            (column, target) =>
            {
                sums.Slice((nint)column * Columns, Columns).CopyTo(target);
                return null;
            },
            cancellationToken);
        return builder.Finish();
    }

    public override void Dispose() => _values.Dispose();

    internal override void Correlate(CompressedColumns<float> targets, int first, int count, NativeBuffer<double> products)
    {
        Span<double> result = products.Slice(0, count * Columns);
        int height = Math.Min(RowsPerProduct, Rows);
        using NativeBuffer<double> design = new((nint)height * Columns, zeroed: false);
        using NativeBuffer<double> block = new((nint)height * count);
        int[] next = new int[count];
        for (int start = 0; start < Rows; start += height)
        {
            int rows = Math.Min(height, Rows - start);
            System.Numerics.Tensors.TensorPrimitives.ConvertTruncating<float, double>(_values.Slice((nint)start * Columns, rows * Columns), design.Slice(0, rows * Columns));
            Span<double> y = block.Span;
            y.Clear();
            for (int t = 0; t < count; t++)
            {
                ReadOnlySpan<int> at = targets.RowsOf(first + t);
                for (; next[t] < at.Length && at[next[t]] < start + rows; next[t]++)
                {
                    y[((at[next[t]] - start) * count) + t] = targets.ValuesOf(first + t)[next[t]];
                }
            }

            MatrixProduct.Gemm(true, false, count, Columns, rows, 1.0, y, count, design.Span, Columns, start == 0 ? 0.0 : 1.0, result, Columns);
        }
    }

    internal override void Subtract(ReadOnlySpan<int> columns, ReadOnlySpan<double> weights, Span<double> y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            ReadOnlySpan<float> row = _values.Slice((nint)i * Columns, Columns);
            double fit = 0;
            for (int j = 0; j < columns.Length; j++)
            {
                fit += weights[j] * row[columns[j]];
            }

            y[i] -= fit;
        }
    }

    internal override void Correlate(ReadOnlySpan<double> residual, Span<double> products)
    {
        products.Clear();
        for (int i = 0; i < residual.Length; i++)
        {
            VectorLoops.AddScaled(residual[i], _values.Slice((nint)i * Columns, Columns), products);
        }
    }
}
