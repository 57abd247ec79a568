namespace CircuitLasso.Regression;

/// <summary>How often entries and blocks of A were not zero.</summary>
internal sealed class SelectionCounts(BlockOrder order)
{
    private readonly Dictionary<int, int>[] _entries = [.. Enumerable.Range(0, order.Columns).Select(_ => new Dictionary<int, int>())];
    private readonly int[,] _blocks = new int[order.Blocks.Count, order.Blocks.Count];

    /// <summary>Counts one solution.</summary>
    public void Add(SparseColumns coefficients)
    {
        bool[,] seen = new bool[order.Blocks.Count, order.Blocks.Count];
        for (int column = 0; column < order.Columns; column++)
        {
            foreach (int row in coefficients.RowsOf(column))
            {
                _entries[column][row] = _entries[column].GetValueOrDefault(row) + 1;
                ref bool known = ref seen[order.BlockOf(row), order.BlockOf(column)];
                if (!known)
                {
                    known = true;
                    _blocks[order.BlockOf(row), order.BlockOf(column)]++;
                }
            }
        }
    }

    /// <summary>Counts divided by the number of solutions.</summary>
    public SparseColumns Frequencies(int solutions) => SparseColumns.FromColumns(order.Columns, [.. _entries.Select(counts =>
    {
        int[] rows = [.. counts.Keys.Order()];
        return new SparseVector(rows, [.. rows.Select(row => counts[row] / (double)solutions)]);
    })]);

    /// <summary>Counts of blocks divided by the number of solutions.</summary>
    public double[,] BlockFrequencies(int solutions)
    {
        double[,] frequencies = new double[order.Blocks.Count, order.Blocks.Count];
        for (int source = 0; source < order.Blocks.Count; source++)
        {
            for (int target = 0; target < order.Blocks.Count; target++)
            {
                frequencies[source, target] = _blocks[source, target] / (double)solutions;
            }
        }

        return frequencies;
    }
}
