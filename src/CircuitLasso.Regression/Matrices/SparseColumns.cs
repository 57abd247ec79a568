namespace CircuitLasso.Regression;

/// <summary>A sparse float64 matrix by compressed columns (CSC), row indices ascending in each column. Immutable.</summary>
public sealed class SparseColumns
{
    private readonly long[] _starts;
    private readonly int[] _rows;
    private readonly double[] _values;

    internal SparseColumns(int rowCount, long[] starts, int[] rows, double[] values)
    {
        RowCount = rowCount;
        _starts = starts;
        _rows = rows;
        _values = values;
    }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>Number of columns.</summary>
    public int ColumnCount => _starts.Length - 1;

    /// <summary>Number of entries kept; none of them is zero.</summary>
    public int NonZeros => _values.Length;

    /// <summary>Where each column starts in the two arrays, and at the end their length.</summary>
    public ReadOnlySpan<long> ColumnStarts => _starts;

    /// <summary>Row of each entry.</summary>
    public ReadOnlySpan<int> RowIndices => _rows;

    /// <summary>Value of each entry.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>An entry, zero where none is kept.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column.</param>
    public double this[int row, int column]
    {
        get
        {
            int at = RowsOf(column).BinarySearch(row);
            return at < 0 ? 0 : ValuesOf(column)[at];
        }
    }

    /// <summary>Rows of the entries of a column, ascending.</summary>
    /// <param name="column">The column.</param>
    public ReadOnlySpan<int> RowsOf(int column) => _rows.AsSpan((int)_starts[column], (int)(_starts[column + 1] - _starts[column]));

    /// <summary>Values of the entries of a column.</summary>
    /// <param name="column">The column.</param>
    public ReadOnlySpan<double> ValuesOf(int column) => _values.AsSpan((int)_starts[column], (int)(_starts[column + 1] - _starts[column]));

    /// <summary>Puts together columns that hold their entries by ascending row; a null column is empty.</summary>
    internal static SparseColumns FromColumns(int rowCount, IReadOnlyList<SparseVector?> columns)
    {
        long[] starts = new long[columns.Count + 1];
        for (int j = 0; j < columns.Count; j++)
        {
            starts[j + 1] = starts[j] + (columns[j]?.Indices.Length ?? 0);
        }

        int[] rows = new int[checked((int)starts[^1])];
        double[] values = new double[rows.Length];
        for (int j = 0; j < columns.Count; j++)
        {
            columns[j]?.Indices.CopyTo(rows, (int)starts[j]);
            columns[j]?.Values.CopyTo(values, (int)starts[j]);
        }

        return new SparseColumns(rowCount, starts, rows, values);
    }

    /// <summary>The same in the form that files have.</summary>
    internal Numerics.CompressedColumns<double> ToCompressed() => new(RowCount, [.. _starts], [.. _rows], [.. _values]);

    /// <summary>The matrix with entry (i, j) multiplied by column[j] / row[i].</summary>
    internal SparseColumns Rescale(ReadOnlySpan<double> row, ReadOnlySpan<double> column)
    {
        double[] values = new double[_values.Length];
        for (int j = 0; j < ColumnCount; j++)
        {
            for (int at = (int)_starts[j]; at < _starts[j + 1]; at++)
            {
                values[at] = _values[at] * column[j] / row[_rows[at]];
            }
        }

        return new SparseColumns(RowCount, _starts, _rows, values);
    }
}
