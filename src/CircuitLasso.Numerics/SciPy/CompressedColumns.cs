using System.Numerics;

namespace CircuitLasso.Numerics;

/// <summary>
/// A sparse matrix by compressed columns (CSC): the entries of column j are those from <c>ColumnStarts[j]</c> up to <c>ColumnStarts[j + 1]</c>,
/// their rows ascending and without repetition. Entries may be zero, NaN or infinite. Immutable; safe for several threads.
/// </summary>
/// <typeparam name="T">The type of the values: float or double.</typeparam>
public sealed class CompressedColumns<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly long[] _starts;
    private readonly int[] _rows;
    private readonly T[] _values;

    /// <summary>Takes over arrays, which must not be changed afterwards.</summary>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="columnStarts">Where each column starts, and at the end the number of entries.</param>
    /// <param name="rowIndices">The row of each entry, ascending within a column.</param>
    /// <param name="values">The value of each entry.</param>
    /// <exception cref="ArgumentException">The arrays are not such a matrix.</exception>
    public CompressedColumns(int rowCount, long[] columnStarts, int[] rowIndices, T[] values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        if (columnStarts.Length == 0 || columnStarts[0] != 0 || columnStarts[^1] != rowIndices.Length || rowIndices.Length != values.Length)
        {
            throw new ArgumentException("the starts do not cover the entries", nameof(columnStarts));
        }

        for (int j = 0; j + 1 < columnStarts.Length; j++)
        {
            if (columnStarts[j + 1] < columnStarts[j] || columnStarts[j + 1] > rowIndices.Length)
            {
                throw new ArgumentException($"column {j} ends before it starts, or after the last entry", nameof(columnStarts));
            }

            int last = -1;
            for (long at = columnStarts[j]; at < columnStarts[j + 1]; at++)
            {
                if (rowIndices[at] <= last || rowIndices[at] >= rowCount)
                {
                    throw new ArgumentException($"the rows of column {j} do not ascend within the matrix", nameof(rowIndices));
                }

                last = rowIndices[at];
            }
        }

        RowCount = rowCount;
        _starts = columnStarts;
        _rows = rowIndices;
        _values = values;
    }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>Number of columns.</summary>
    public int ColumnCount => _starts.Length - 1;

    /// <summary>Number of entries.</summary>
    public int EntryCount => _values.Length;

    /// <summary>Where each column starts, and at the end the number of entries.</summary>
    public ReadOnlySpan<long> ColumnStarts => _starts;

    /// <summary>The row of each entry.</summary>
    public ReadOnlySpan<int> RowIndices => _rows;

    /// <summary>The value of each entry.</summary>
    public ReadOnlySpan<T> Values => _values;

    /// <summary>Rows of the entries of a column, ascending.</summary>
    /// <param name="column">The column.</param>
    public ReadOnlySpan<int> RowsOf(int column) => _rows.AsSpan((int)_starts[column], (int)(_starts[column + 1] - _starts[column]));

    /// <summary>Values of the entries of a column.</summary>
    /// <param name="column">The column.</param>
    public ReadOnlySpan<T> ValuesOf(int column) => _values.AsSpan((int)_starts[column], (int)(_starts[column + 1] - _starts[column]));

    /// <summary>The matrix of some of the rows, numbered anew in their order.</summary>
    /// <param name="rows">The rows, ascending and without repetition.</param>
    /// <exception cref="ArgumentException">They are not, or there is no such row.</exception>
    public CompressedColumns<T> SelectRows(ReadOnlySpan<int> rows)
    {
        int[] places = new int[RowCount];
        Array.Fill(places, -1);
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i] < 0 || rows[i] >= RowCount || (i > 0 && rows[i] <= rows[i - 1]))
            {
                throw new ArgumentException("the rows do not ascend within the matrix", nameof(rows));
            }

            places[rows[i]] = i;
        }

        int kept = 0;
        foreach (int row in _rows)
        {
            kept += places[row] >= 0 ? 1 : 0;
        }

        long[] starts = new long[_starts.Length];
        int[] keptRows = new int[kept];
        T[] values = new T[kept];
        kept = 0;
        for (int j = 0; j < ColumnCount; j++)
        {
            for (long at = _starts[j]; at < _starts[j + 1]; at++)
            {
                if (places[_rows[at]] >= 0)
                {
                    (keptRows[kept], values[kept++]) = (places[_rows[at]], _values[at]);
                }
            }

            starts[j + 1] = kept;
        }

        return new CompressedColumns<T>(rows.Length, starts, keptRows, values);
    }

    /// <summary>Matrices side by side.</summary>
    /// <param name="matrices">One or more, with the same number of rows.</param>
    /// <exception cref="ArgumentException">There is none, or their rows differ.</exception>
    public static CompressedColumns<T> Concatenate(params IReadOnlyList<CompressedColumns<T>> matrices)
    {
        if (matrices.Count == 0 || matrices.Any(matrix => matrix.RowCount != matrices[0].RowCount))
        {
            throw new ArgumentException("there are no matrices, or they have different numbers of rows", nameof(matrices));
        }

        List<long> starts = [0];
        foreach (CompressedColumns<T> matrix in matrices)
        {
            long first = starts[^1];
            foreach (long end in matrix.ColumnStarts[1..])
            {
                starts.Add(first + end);
            }
        }

        return new CompressedColumns<T>(
            matrices[0].RowCount, [.. starts], [.. matrices.SelectMany(static matrix => matrix.RowIndices.ToArray())], [.. matrices.SelectMany(static matrix => matrix.Values.ToArray())]);
    }

    /// <summary>The transpose; entries keep their values and their order along each row.</summary>
    public CompressedColumns<T> Transpose()
    {
        (long[] starts, int[] indices, T[] values) = SparseTransposition.Run(RowCount, _starts, _rows, _values);
        return new CompressedColumns<T>(ColumnCount, starts, indices, values);
    }
}
