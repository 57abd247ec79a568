using System.Numerics;
using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// A design of plain numbers, column after column, outside the managed heap. Sums of its Gram matrix run over aligned blocks of
/// <see cref="BlockRows"/> rows, in order inside a block; blocks are merged along one binary tree of their indices.
/// </summary>
internal sealed class ColumnMajorDesign : SharedDesign
{
    /// <summary>Rows of one aligned block; merged blocks are whole matrices, so there had better be few.</summary>
    public const int BlockRows = 1 << 16;

    private const int RowsPerProduct = 512;
    private const int ValuesPerPiece = 1 << 20;
    private const int ColumnsPerTask = 32;
    private readonly NativeBuffer<float> _values;
    private readonly int _blockRows;
    private readonly Func<NativeBuffer<double>>? _products;

    public ColumnMajorDesign(CompressedColumns<float> matrix, bool centred, int blockRows = BlockRows)
        : base(matrix.RowCount, matrix.ColumnCount, centred)
    {
        _blockRows = blockRows;
        _values = new NativeBuffer<float>((nint)Rows * Columns);
        Entries = matrix.EntryCount;
        for (int j = 0; j < Columns; j++)
        {
            Span<float> column = _values.Slice((nint)j * Rows, Rows);
            ReadOnlySpan<int> rows = matrix.RowsOf(j);
            ReadOnlySpan<float> values = matrix.ValuesOf(j);
            for (int i = 0; i < rows.Length; i++)
            {
                column[rows[i]] = values[i];
            }
        }

        Centre();
    }

    public ColumnMajorDesign(NumPyArray array, int rows, int columns, bool centred)
        : this(rows, columns, centred, set => DenseCompression.ForRows(array, set), array.Source)
    {
    }

    public ColumnMajorDesign(int rows, int columns, RowSource source, string subject, bool centred)
        : this(rows, columns, centred, set => ForRows(rows, columns, source, set), subject)
    {
    }

    private ColumnMajorDesign(int rows, int columns, bool centred, Action<DenseCompression.RowWindow> read, string subject)
        : base(rows, columns, centred)
    {
        _blockRows = BlockRows;
        _values = new NativeBuffer<float>((nint)Rows * Columns, zeroed: false);
        double[] squares = new double[columns];
        long entries = 0;
        try
        {
            read((first, values) =>
            {
                entries += values.Length - values.Count(0);
                SetRows(first, values, squares, subject);
            });
            for (int j = 0; j < columns; j++)
            {
                CheckSquares(squares[j], j, subject);
            }
        }
        catch
        {
            _values.Dispose();
            throw;
        }

        Entries = entries;
        Centre();
    }

    private ColumnMajorDesign(ColumnMajorDesign design, ReadOnlySpan<int> rows, Func<NativeBuffer<double>>? products)
        : base(rows.Length, design.Columns, design.IsCentred)
    {
        _blockRows = design._blockRows;
        _products = products;
        _values = new NativeBuffer<float>((nint)Rows * Columns, zeroed: false);
        for (int j = 0; j < Columns; j++)
        {
            ReadOnlySpan<float> source = design.Column(j).Values;
            Span<float> column = _values.Slice((nint)j * Rows, Rows);
            for (int i = 0; i < rows.Length; i++)
            {
                column[i] = source[rows[i]];
            }

            Entries += column.Length - column.Count(0);
        }

        Centre();
    }

    public override long Entries { get; }

    // The float64 sums of every node of the tree, and their float32 copy.
    public override long EstimateGramBytes()
    {
        int nodes = Rows <= _blockRows ? 1 : 2 + BitOperations.Log2((uint)((Rows - 1) / _blockRows));
        return (4L + (8L * nodes)) * Columns * Columns;
    }

    public override SharedGram? ComputeGram(long maximumBytes = long.MaxValue, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        long block = 8L * Math.Min(RowsPerProduct, Rows) * Columns;
        if ((long)Columns * Columns > Array.MaxLength || EstimateGramBytes() + block + SharedGramBuilder.WorkingBytes(Columns, ColumnsPerTask) > maximumBytes)
        {
            return null;
        }

        using NativeBuffer<double> sums = _products is null ? ComputeProducts(progress, cancellationToken) : _products();
        SharedGramBuilder builder = new(Columns, ColumnsPerTask, long.MaxValue);
        builder.Run(
            () => (column, target) =>
            {
                sums.Slice((nint)column * Columns, Columns).CopyTo(target);
                if (IsCentred)
                {
                    VectorLoops.AddScaled(-Rows * Means[column], Means, target);
                    ClearConstants(target);
                    if (IsConstant(column))
                    {
                        target.Clear();
                    }
                }

                return null;
            },
            _ => { },
            cancellationToken);
        return builder.Finish([]);
    }

    public override void Dispose() => _values.Dispose();

    // Centred in float64 before they are rounded, so there is nothing left to take off.
    internal override double[] GramOffsets() => [];

    internal override SharedGramBuilder.Fill CreateColumnSums()
    {
        double[] values = new double[Rows];
        return (column, sums) =>
        {
            TensorPrimitives.ConvertTruncating<float, double>(Column(column).Values, values);
            TensorPrimitives.Subtract(values, IsCentred ? Means[column] : 0, values);
            Correlate(values, sums);
            ClearConstants(sums);
            if (IsConstant(column))
            {
                sums.Clear();
            }

            return null;
        };
    }

    internal override DesignColumn Column(int column) => new([], _values.Slice((nint)column * Rows, Rows), isWhole: true);

    internal override ColumnMajorDesign SelectRows(ReadOnlySpan<int> rows) => new(this, rows, null);

    /// <summary>A design of some of the rows, whose X'X is known.</summary>
    /// <param name="rows">The rows, ascending.</param>
    /// <param name="products">Gives a new buffer of X'X in float64, not centred.</param>
    internal ColumnMajorDesign SelectRows(ReadOnlySpan<int> rows, Func<NativeBuffer<double>> products) => new(this, rows, products);

    /// <summary>X'X in float64, not centred.</summary>
    internal NativeBuffer<double> ComputeProducts(IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        using NativeBuffer<double> rows = new((nint)Math.Min(RowsPerProduct, Rows) * Columns, zeroed: false);
        BlockTree<NativeBuffer<double>> tree = new(static (earlier, later) =>
        {
            TensorPrimitives.Add(earlier.Span, later.Span, earlier.Span);
            later.Dispose();
            return earlier;
        });
        try
        {
            for (int start = 0, next; start < Rows; start = next)
            {
                next = (int)Math.Min((long)start + _blockRows, Rows);
                tree.Add(ComputeBlock(start, next, rows, progress, cancellationToken));
            }

            return tree.Finish();
        }
        catch
        {
            foreach (NativeBuffer<double> sums in tree.Partials)
            {
                sums.Dispose();
            }

            throw;
        }
    }

    private NativeBuffer<double> ComputeBlock(int start, int end, NativeBuffer<double> rows, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        NativeBuffer<double> sums = new((nint)Columns * Columns, zeroed: false);
        for (int first = start, count; first < end; first += count)
        {
            count = Math.Min(RowsPerProduct, end - first);
            for (int j = 0; j < Columns; j++)
            {
                TensorPrimitives.ConvertTruncating<float, double>(_values.Slice(((nint)j * Rows) + first, count), rows.Slice((nint)j * count, count));
            }

            SymmetricProduct.RankKTransposed(Columns, count, 1.0, rows.Slice(0, count * Columns), count, first == start ? 0.0 : 1.0, sums.Span, Columns);
            progress?.Report(new WorkProgress("Gram matrix", (long)Columns * (first + count) / Rows, Columns, "columns"));
            if (cancellationToken.IsCancellationRequested)
            {
                sums.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return sums;
    }

    private static void ForRows(int rows, int columns, RowSource source, DenseCompression.RowWindow use)
    {
        float[] piece = new float[(int)Math.Clamp(ValuesPerPiece / columns, 1L, rows) * (long)columns];
        int count = piece.Length / columns;
        for (int first = 0; first < rows; first += count)
        {
            Span<float> values = piece.AsSpan(0, Math.Min(count, rows - first) * columns);
            source(first, values);
            use(first, values);
        }
    }

    private void SetRows(int first, ReadOnlySpan<float> rows, double[] squares, string subject)
    {
        int count = rows.Length / Columns;
        for (int j = 0; j < Columns; j++)
        {
            Span<float> column = _values.Slice(((nint)j * Rows) + first, count);
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                float value = rows[(i * Columns) + j];
                if (!float.IsFinite(value))
                {
                    throw NotFinite(value, first + i, j, subject);
                }

                sum += (double)value * value;
                column[i] = value;
            }

            squares[j] += sum;
        }
    }

    private protected override void CorrelateEntries(CompressedColumns<float> targets, int first, int count, NativeBuffer<double> products)
    {
        Span<double> result = products.Slice(0, count * Columns);
        int height = Math.Min(RowsPerProduct, Rows);
        using NativeBuffer<double> design = new((nint)height * Columns, zeroed: false);
        using NativeBuffer<double> block = new((nint)height * count);
        int[] next = new int[count];
        for (int start = 0; start < Rows; start += height)
        {
            int rows = Math.Min(height, Rows - start);
            for (int j = 0; j < Columns; j++)
            {
                TensorPrimitives.ConvertTruncating<float, double>(_values.Slice(((nint)j * Rows) + start, rows), design.Slice((nint)j * rows, rows));
            }

            Span<double> y = block.Span;
            y.Clear();
            for (int t = 0; t < count; t++)
            {
                ReadOnlySpan<int> at = targets.RowsOf(first + t);
                for (; next[t] < at.Length && at[next[t]] < start + rows; next[t]++)
                {
                    y[(t * rows) + at[next[t]] - start] = targets.ValuesOf(first + t)[next[t]];
                }
            }

            MatrixProduct.Gemm(false, true, count, Columns, rows, 1.0, y, rows, design.Span, rows, start == 0 ? 0.0 : 1.0, result, Columns);
        }
    }

    private protected override void CorrelateEntries(ReadOnlySpan<double> residual, Span<double> products)
    {
        for (int j = 0; j < products.Length; j++)
        {
            products[j] = Column(j).Dot(residual);
        }
    }

}
