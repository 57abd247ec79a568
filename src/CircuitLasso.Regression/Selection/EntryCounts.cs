namespace CircuitLasso.Regression;

/// <summary>How often each entry of a matrix was not zero in several solutions.</summary>
/// <param name="rows">Rows of the matrix.</param>
/// <param name="columns">Columns of the matrix.</param>
internal sealed class EntryCounts(int rows, int columns)
{
    private readonly Dictionary<int, int>[] _counts = [.. Enumerable.Range(0, columns).Select(_ => new Dictionary<int, int>())];

    /// <summary>Counts the entries of one column of one solution.</summary>
    public void Add(int column, ReadOnlySpan<int> entries)
    {
        foreach (int row in entries)
        {
            _counts[column][row] = _counts[column].GetValueOrDefault(row) + 1;
        }
    }

    /// <summary>The counts divided by the number of solutions.</summary>
    public SparseColumns Frequencies(int solutions) => SparseColumns.FromColumns(rows, [.. _counts.Select(counts =>
    {
        int[] at = [.. counts.Keys.Order()];
        return new SparseVector(at, [.. at.Select(row => counts[row] / (double)solutions)]);
    })]);
}
