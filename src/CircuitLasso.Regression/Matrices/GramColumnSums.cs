using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Sums one column of X'X at a time over aligned blocks of rows, merged along the binary tree of their indices, so that the bytes do not depend
/// on which blocks were summed together elsewhere. Holds one column for each level of the tree. For one thread.
/// </summary>
/// <param name="columns">The design by columns.</param>
/// <param name="rows">The same by rows.</param>
/// <param name="blockRows">Rows of a block.</param>
internal sealed class GramColumnSums(CompressedColumns<float> columns, CompressedColumns<float> rows, int blockRows)
{
    private readonly Stack<double[]> _spares = [];
    private BlockTree<double[]?>? _tree;

    /// <summary>Adds the column to sums that are zero.</summary>
    public void Sum(int column, Span<double> sums)
    {
        ReadOnlySpan<int> at = columns.RowsOf(column);
        ReadOnlySpan<float> values = columns.ValuesOf(column);
        if (at.IsEmpty || at[0] / blockRows == at[^1] / blockRows)
        {
            SparseRows.AddScaled(rows, at, values, sums);
            return;
        }

        _tree ??= new BlockTree<double[]?>(Merge);
        for (int block = 0; !at.IsEmpty; block++)
        {
            long end = (block + 1L) * blockRows;
            int count = end > at[^1] ? at.Length : ~at.BinarySearch(new RowBefore((int)end));
            double[]? node = null;
            if (count > 0)
            {
                node = _spares.TryPop(out double[]? spare) ? spare : new double[columns.ColumnCount];
                SparseRows.AddScaled(rows, at[..count], values[..count], node);
            }

            _tree.Add(node);
            at = at[count..];
            values = values[count..];
        }

        double[] total = _tree.Finish()!;
        total.CopyTo(sums);
        Recycle(total);
    }

    // A block without entries is null: it would add zeros.
    private double[]? Merge(double[]? earlier, double[]? later)
    {
        if (earlier is null || later is null)
        {
            return earlier ?? later;
        }

        TensorPrimitives.Add(earlier, later, earlier);
        Recycle(later);
        return earlier;
    }

    private void Recycle(double[] sums)
    {
        Array.Clear(sums);
        _spares.Push(sums);
    }

    // Never equal to a row, so that the search ends between rows.
    private readonly struct RowBefore(int end) : IComparable<int>
    {
        public int CompareTo(int row) => row < end ? 1 : -1;
    }
}
