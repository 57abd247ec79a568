using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Sums the Gram matrix of a sparse design whose rows stream by, or of a shard of its rows that starts at a block. Rows are taken in aligned
/// blocks of <see cref="SparseDesign.BlockRows"/>; the matrix has the same bytes as that of a <see cref="SparseDesign"/> of all the rows,
/// however they were cut into calls, shards or threads.
/// </summary>
/// <remarks>
/// Memory: the rows of one block and, for each level of the tree of blocks, X'X with 12 bytes an entry. Where all rows fit, a
/// <see cref="SparseDesign"/> takes less. Not centred. Not for several threads at once; a block is summed in parallel inside.
/// </remarks>
public sealed class SparseGramAccumulator
{
    private const int ColumnsPerTask = 32;
    private readonly BlockTree<SparseVector?[]> _tree;
    private readonly string _subject;
    private readonly long _firstBlock;
    private readonly int _blockRows;
    private readonly List<long> _starts = [0];
    private readonly List<int> _indices = [];
    private readonly List<float> _values = [];
    private bool _isFinished;

    /// <summary>Starts with no rows.</summary>
    /// <param name="columns">Number of columns, at least one.</param>
    /// <param name="firstBlock">The index of the block that this shard starts with; 0 unless the rows before it are summed elsewhere.</param>
    /// <param name="subject">What the rows are called in errors.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is below one or <paramref name="firstBlock"/> below zero.</exception>
    public SparseGramAccumulator(int columns, long firstBlock = 0, string subject = "design")
        : this(columns, firstBlock, subject, SparseDesign.BlockRows)
    {
    }

    internal SparseGramAccumulator(int columns, long firstBlock, string subject, int blockRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        Columns = columns;
        _tree = new BlockTree<SparseVector?[]>(Merge, firstBlock);
        _firstBlock = firstBlock;
        _subject = subject;
        _blockRows = blockRows;
    }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Rows added so far.</summary>
    public long Rows => ((_tree.NextBlock - _firstBlock) * _blockRows) + _starts.Count - 1;

    /// <summary>Adds rows.</summary>
    /// <param name="rows">The transpose: each of its columns is a row of the design.</param>
    /// <exception cref="ArgumentException">The rows have another number of columns.</exception>
    /// <exception cref="InputException">A value is NaN or infinite; the message names its row and column, both from 0.</exception>
    public void Add(CompressedColumns<float> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ObjectDisposedException.ThrowIf(_isFinished, this);
        if (rows.RowCount != Columns)
        {
            throw new ArgumentException($"the rows have {rows.RowCount} columns, not {Columns}", nameof(rows));
        }

        for (int i = 0; i < rows.ColumnCount; i++)
        {
            ReadOnlySpan<float> values = rows.ValuesOf(i);
            for (int k = 0; k < values.Length; k++)
            {
                if (!float.IsFinite(values[k]))
                {
                    throw SharedDesign.NotFinite(values[k], (_firstBlock * _blockRows) + Rows, rows.RowsOf(i)[k], _subject);
                }
            }

            if ((long)_values.Count + values.Length > Array.MaxLength)
            {
                throw new InputException(_subject, $"a block of {_blockRows} rows has more than {Array.MaxLength} entries", "give sparser rows");
            }

            _indices.AddRange(rows.RowsOf(i));
            _values.AddRange(values);
            _starts.Add(_values.Count);
            if (_starts.Count > _blockRows)
            {
                CloseBlock();
            }
        }
    }

    /// <summary>Adds the rows of the shard that follows; that shard is used up.</summary>
    /// <param name="next">A shard whose first block is the one after this one's last.</param>
    /// <exception cref="ArgumentException">The shard does not follow, or this one does not end at a block's end.</exception>
    public void Append(SparseGramAccumulator next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (next.Columns != Columns || next._blockRows != _blockRows || _starts.Count > 1 || next._firstBlock != _tree.NextBlock || _isFinished || next._isFinished)
        {
            throw new ArgumentException("the shard does not start where this one ends, at a block's end, over the same columns", nameof(next));
        }

        _tree.Append(next._tree);
        _starts.AddRange(next._starts.Skip(1));
        _indices.AddRange(next._indices);
        _values.AddRange(next._values);
        next._isFinished = true;
    }

    /// <summary>Merges what is there into the Gram matrix of all rows. Nothing can be added afterwards.</summary>
    /// <param name="cancellationToken">Stops between columns.</param>
    /// <exception cref="InputException">There are no rows, or values are so large that a sum of squares overflows.</exception>
    public SharedGram Finish(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        if (Rows == 0)
        {
            throw new InputException(_subject, "it has no rows", "give at least one row");
        }

        if (_starts.Count > 1)
        {
            CloseBlock();
        }

        _isFinished = true;
        SparseVector?[] total = _tree.Finish();
        for (int j = 0; j < Columns; j++)
        {
            int at = total[j] is { } found ? Array.BinarySearch(found.Indices, j) : -1;
            SharedDesign.CheckSquares(at < 0 ? 0 : total[j]!.Values[at], j, _subject);
        }

        SharedGramBuilder builder = new(Columns, ColumnsPerTask, long.MaxValue);
        builder.Run(() => (column, sums) => Scatter(total[column], sums), _ => { }, cancellationToken);
        return builder.Finish([]);
    }

    private static int[]? Scatter(SparseVector? vector, Span<double> sums)
    {
        if (vector is null)
        {
            return [];
        }

        for (int i = 0; i < vector.Indices.Length; i++)
        {
            sums[vector.Indices[i]] = vector.Values[i];
        }

        return SharedGramBuilder.IsDense(sums.Length, vector.Indices.Length) ? null : vector.Indices;
    }

    private void CloseBlock()
    {
        CompressedColumns<float> rows = new(Columns, [.. _starts], [.. _indices], [.. _values]);
        CompressedColumns<float> columns = rows.Transpose();
        SparseVector?[] products = new SparseVector?[Columns];
        ForTasks(task =>
        {
            GramColumnSums accumulator = new(columns, rows, _blockRows);
            double[] sums = new double[Columns];
            for (int j = task * ColumnsPerTask; j < Math.Min(Columns, (task + 1) * ColumnsPerTask); j++)
            {
                if (!columns.RowsOf(j).IsEmpty)
                {
                    accumulator.Sum(j, sums);
                    products[j] = SparseVector.FromDense(sums);
                    Array.Clear(sums);
                }
            }
        });
        _tree.Add(products);
        _starts.RemoveRange(1, _starts.Count - 1);
        _indices.Clear();
        _values.Clear();
    }

    private SparseVector?[] Merge(SparseVector?[] earlier, SparseVector?[] later)
    {
        ForTasks(task =>
        {
            for (int j = task * ColumnsPerTask; j < Math.Min(Columns, (task + 1) * ColumnsPerTask); j++)
            {
                earlier[j] = earlier[j] is { } first && later[j] is { } second ? SparseVector.Add(first, second) : earlier[j] ?? later[j];
            }
        });
        return earlier;
    }

    private void ForTasks(Action<int> task) => DeterministicParallel.For((Columns + ColumnsPerTask - 1) / ColumnsPerTask, task);
}
