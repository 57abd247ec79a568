namespace CircuitLasso.Regression;

/// <summary>
/// Rows that belong together, such as those of the tokens of one text: each group is a run of neighbouring rows. What deals out or shuffles rows
/// keeps a group whole, so that no row is predicted from another of its group. Immutable; safe for several threads.
/// </summary>
public sealed class RowGroups
{
    private readonly int[] _groupOfRow;
    private readonly int[] _starts;

    /// <summary>Finds the runs.</summary>
    /// <param name="labels">What each row belongs to, such as the index of its text; neighbouring rows of one label are a group.</param>
    /// <exception cref="ArgumentException">There are no rows, or rows of one label are not neighbours.</exception>
    public RowGroups(ReadOnlySpan<int> labels)
    {
        ArgumentOutOfRangeException.ThrowIfZero(labels.Length, nameof(labels));
        _groupOfRow = new int[labels.Length];
        HashSet<int> seen = [];
        List<int> starts = [];
        for (int row = 0; row < labels.Length; row++)
        {
            if (row == 0 || labels[row] != labels[row - 1])
            {
                starts.Add(row);
                if (!seen.Add(labels[row]))
                {
                    throw new ArgumentException($"row {row} belongs to {labels[row]}, as rows before it that are not its neighbours", nameof(labels));
                }
            }

            _groupOfRow[row] = starts.Count - 1;
        }

        _starts = [.. starts, labels.Length];
    }

    /// <summary>Number of rows.</summary>
    public int Rows => _groupOfRow.Length;

    /// <summary>Number of groups.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>The group of a row, from 0, in the order of the rows.</summary>
    /// <param name="row">The row.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public int GroupOf(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return _groupOfRow[row];
    }

    /// <summary>The groups of some of the rows; a group without any of them is no more.</summary>
    /// <param name="rows">The rows, ascending.</param>
    /// <exception cref="ArgumentException">There are none, or they do not ascend.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public RowGroups SelectRows(ReadOnlySpan<int> rows)
    {
        int[] labels = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            labels[i] = GroupOf(rows[i]);
        }

        return new RowGroups(labels);
    }

    /// <summary>All rows with the groups in another order, the rows of each in their own.</summary>
    internal int[] Arrange(ReadOnlySpan<int> groups)
    {
        int[] rows = new int[Rows];
        int at = 0;
        foreach (int group in groups)
        {
            for (int row = _starts[group]; row < _starts[group + 1]; row++)
            {
                rows[at++] = row;
            }
        }

        return rows;
    }
}
