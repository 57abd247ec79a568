namespace CircuitLasso.Regression;

/// <summary>How often entries and blocks of A were not zero.</summary>
internal sealed class SelectionCounts(BlockOrder order)
{
    private readonly EntryCounts _entries = new(order.Columns, order.Columns);
    private readonly int[,] _blocks = new int[order.Blocks.Count, order.Blocks.Count];

    /// <summary>Counts one solution.</summary>
    public void Add(SparseColumns coefficients)
    {
        bool[,] seen = new bool[order.Blocks.Count, order.Blocks.Count];
        for (int column = 0; column < order.Columns; column++)
        {
            _entries.Add(column, coefficients.RowsOf(column));
            foreach (int row in coefficients.RowsOf(column))
            {
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
    public SparseColumns Frequencies(int solutions) => _entries.Frequencies(solutions);

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
