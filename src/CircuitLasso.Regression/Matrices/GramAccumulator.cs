using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Builds <see cref="GramStatistics"/> from rows that stream by. Rows are taken in aligned blocks of <see cref="BlockRows"/>; blocks are
/// merged along one binary tree of block indices (node l, i covers blocks i 2^l up to (i + 1) 2^l), so the result has the same bytes however
/// the rows were cut into calls, into threads, or into shards that start at a block.
/// </summary>
/// <remarks>
/// Memory: one block of rows and, per level of the tree, one columns x columns matrix. Not safe for use by several threads at once;
/// the products of a block run in parallel inside.
/// </remarks>
public sealed class GramAccumulator : IDisposable
{
    /// <summary>Rows of one aligned block.</summary>
    public const int BlockRows = 256;

    private readonly NativeBuffer<double> _block;
    private readonly BlockTree<GramStatistics> _tree;
    private readonly string _subject;
    private readonly long _firstBlock;
    private int _filled;
    private bool _finished;

    /// <summary>Starts with no rows.</summary>
    /// <param name="columns">Number of columns, at least one.</param>
    /// <param name="firstBlock">The index of the block that this shard starts with; 0 unless the rows before it are accumulated elsewhere.</param>
    /// <param name="subject">What the rows are called in errors.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is below one or <paramref name="firstBlock"/> below zero.</exception>
    public GramAccumulator(int columns, long firstBlock = 0, string subject = "design")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBlock);
        Columns = columns;
        _firstBlock = firstBlock;
        _tree = new BlockTree<GramStatistics>(MergeInPlace, firstBlock);
        _subject = subject;
        _block = new NativeBuffer<double>((nint)BlockRows * columns, zeroed: false);
    }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Rows added so far.</summary>
    public long Rows => ((_tree.NextBlock - _firstBlock) * BlockRows) + _filled;

    /// <summary>Adds rows, row-major.</summary>
    /// <param name="rows">A whole number of rows.</param>
    /// <exception cref="InputException">A value is NaN or infinite; the message names its row and column, both from 0.</exception>
    /// <exception cref="ArgumentException">The length is not a multiple of the number of columns.</exception>
    public void Add(ReadOnlySpan<float> rows)
    {
        for (int count = CountRows(rows.Length); count > 0; count--)
        {
            Span<double> target = NextRow();
            for (int j = 0; j < target.Length; j++)
            {
                target[j] = rows[j];
            }

            rows = rows[Columns..];
            RowWritten(target);
        }
    }

    /// <inheritdoc cref="Add(ReadOnlySpan{float})"/>
    public void Add(ReadOnlySpan<double> rows)
    {
        for (int count = CountRows(rows.Length); count > 0; count--)
        {
            Span<double> target = NextRow();
            rows[..Columns].CopyTo(target);
            rows = rows[Columns..];
            RowWritten(target);
        }
    }

    /// <summary>Adds the rows of the shard that follows; that shard is used up.</summary>
    /// <param name="next">A shard whose first block is the one after this one's last.</param>
    /// <exception cref="ArgumentException">The shard does not follow, or this one does not end at a block's end.</exception>
    public void Append(GramAccumulator next)
    {
        if (next.Columns != Columns || _filled != 0 || next._firstBlock != _tree.NextBlock || _finished || next._finished)
        {
            throw new ArgumentException("the shard does not start where this one ends, at a block's end, over the same columns", nameof(next));
        }

        _tree.Append(next._tree);
        next._finished = true;
        _filled = next._filled;
        next._block.Slice(0, _filled * Columns).CopyTo(_block.Slice(0, _filled * Columns));
    }

    /// <summary>Merges what is there and hands it out. Nothing can be added afterwards.</summary>
    /// <exception cref="InputException">There are no rows, or values are so large that a sum of squares overflows.</exception>
    public GramStatistics Finish()
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        if (Rows == 0)
        {
            throw new InputException(_subject, "it has no rows", "give at least one row");
        }

        if (_filled > 0)
        {
            CloseBlock();
        }

        GramStatistics result = _tree.Finish();
        _finished = true;
        result.Mirror();
        for (int j = 0; j < Columns; j++)
        {
            if (!double.IsFinite(result.Product(j, j)))
            {
                result.Dispose();
                throw new InputException(_subject, $"column {j} is so large that its sum of squares overflows", "scale the columns down");
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _finished = true;
        _block.Dispose();
        foreach (GramStatistics statistics in _tree.Partials)
        {
            statistics.Dispose();
        }
    }

    private int CountRows(int length)
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        return length % Columns == 0 ? length / Columns : throw new ArgumentException($"{length} values are not whole rows of {Columns}", nameof(length));
    }

    private Span<double> NextRow() => _block.Slice((nint)_filled * Columns, Columns);

    private void RowWritten(ReadOnlySpan<double> row)
    {
        for (int j = 0; j < row.Length; j++)
        {
            if (!double.IsFinite(row[j]))
            {
                long at = (_firstBlock * BlockRows) + Rows;
                throw new InputException(_subject, $"row {at}, column {j} is {row[j].ToString(CultureInfo.InvariantCulture)}", "remove or repair that row");
            }
        }

        if (++_filled == BlockRows)
        {
            CloseBlock();
        }
    }

    private void CloseBlock()
    {
        double[] means = new double[Columns];
        for (int i = 0; i < _filled; i++)
        {
            VectorLoops.AddScaled(1.0 / _filled, _block.Slice((nint)i * Columns, Columns), means);
        }

        for (int i = 0; i < _filled; i++)
        {
            VectorLoops.AddScaled(-1, means, _block.Slice((nint)i * Columns, Columns));
        }

        NativeBuffer<double> products = new((nint)Columns * Columns, zeroed: false);
        SymmetricProduct.RankK(_filled, Columns, 1.0, _block.Slice(0, _filled * Columns), Columns, 0.0, products.Span, Columns);
        _tree.Add(new GramStatistics(_filled, means, products));
        _filled = 0;
    }

    private static GramStatistics MergeInPlace(GramStatistics earlier, GramStatistics later)
    {
        earlier.MergeUpper(later);
        later.Dispose();
        return earlier;
    }
}
