namespace CircuitLasso.Regression;

/// <summary>
/// The blocks of H and the order they are computed in. A target column of a block at place p may use exactly the columns of source blocks at
/// places below p: every other entry of A is frozen at zero. Immutable.
/// </summary>
public sealed class BlockOrder
{
    private readonly RegressionBlock[] _blocks;
    private readonly int[] _blockOfColumn;

    /// <summary>Checks and keeps the blocks.</summary>
    /// <param name="blocks">The blocks, in any order; together they cover columns 0 to N - 1, each once.</param>
    /// <exception cref="ArgumentException">A width is below one, a name is used twice, or the blocks overlap or leave a gap.</exception>
    public BlockOrder(IEnumerable<RegressionBlock> blocks)
    {
        _blocks = [.. blocks];
        Columns = 0;
        foreach (RegressionBlock block in _blocks.OrderBy(block => block.FirstColumn))
        {
            if (block.Width < 1 || block.FirstColumn != Columns)
            {
                throw new ArgumentException($"block '{block.Name}' starts at column {block.FirstColumn} with width {block.Width}; the next free column is {Columns}", nameof(blocks));
            }

            Columns = checked(Columns + block.Width);
        }

        if (_blocks.Length == 0 || _blocks.Select(block => block.Name).Distinct(StringComparer.Ordinal).Count() != _blocks.Length)
        {
            throw new ArgumentException("there must be a block, and names must differ", nameof(blocks));
        }

        _blockOfColumn = new int[Columns];
        for (int b = 0; b < _blocks.Length; b++)
        {
            _blockOfColumn.AsSpan(_blocks[b].FirstColumn, _blocks[b].Width).Fill(b);
        }
    }

    /// <summary>The blocks as they were given.</summary>
    public IReadOnlyList<RegressionBlock> Blocks => _blocks;

    /// <summary>Number of columns of H.</summary>
    public int Columns { get; }

    /// <summary>One design explains one matrix of targets: the usual many-target Lasso as a block problem.</summary>
    /// <param name="designColumns">Columns of the design, which come first.</param>
    /// <param name="targetColumns">Columns of the targets, which follow.</param>
    public static BlockOrder DesignAndTargets(int designColumns, int targetColumns) =>
        new([new("design", 0, designColumns, 0, BlockRole.SourceOnly), new("targets", designColumns, targetColumns, 1, BlockRole.TargetOnly)]);

    /// <summary>Index in <see cref="Blocks"/> of the block that holds a column.</summary>
    /// <param name="column">The column, from 0.</param>
    public int BlockOf(int column) => _blockOfColumn[column];

    /// <summary>Whether a column of the block may be explained by anything.</summary>
    /// <param name="block">Index of the block.</param>
    public bool IsTarget(int block) => _blocks[block].Role != BlockRole.SourceOnly && Array.Exists(_blocks, source => MayExplain(source, _blocks[block]));

    /// <summary>Whether one block may explain another.</summary>
    /// <param name="source">Index of the block that explains.</param>
    /// <param name="target">Index of the block that is explained.</param>
    public bool IsAllowed(int source, int target) => MayExplain(_blocks[source], _blocks[target]);

    /// <summary>The Frobenius norm ||A[i, j]||_F of every block of A: element (source, target).</summary>
    /// <param name="coefficients">A, over the columns of this order.</param>
    /// <exception cref="ArgumentException">A is of another size.</exception>
    public double[,] BlockNorms(SparseColumns coefficients)
    {
        if (coefficients.ColumnCount != Columns || coefficients.RowCount != Columns)
        {
            throw new ArgumentException($"the coefficients are {coefficients.RowCount} x {coefficients.ColumnCount}, the blocks cover {Columns} columns", nameof(coefficients));
        }

        double[,] norms = new double[_blocks.Length, _blocks.Length];
        for (int j = 0; j < Columns; j++)
        {
            ReadOnlySpan<int> rows = coefficients.RowsOf(j);
            ReadOnlySpan<double> values = coefficients.ValuesOf(j);
            for (int i = 0; i < rows.Length; i++)
            {
                norms[BlockOf(rows[i]), BlockOf(j)] += values[i] * values[i];
            }
        }

        for (int source = 0; source < _blocks.Length; source++)
        {
            for (int target = 0; target < _blocks.Length; target++)
            {
                norms[source, target] = Math.Sqrt(norms[source, target]);
            }
        }

        return norms;
    }

    /// <summary>The columns that may explain a block, as ascending ranges that touch nowhere.</summary>
    internal ColumnRange[] AllowedRanges(int target)
    {
        List<ColumnRange> ranges = [];
        foreach (RegressionBlock block in _blocks.Where(source => MayExplain(source, _blocks[target])).OrderBy(block => block.FirstColumn))
        {
            if (ranges.Count > 0 && ranges[^1].End == block.FirstColumn)
            {
                ranges[^1] = ranges[^1] with { Length = ranges[^1].Length + block.Width };
            }
            else
            {
                ranges.Add(new ColumnRange(block.FirstColumn, block.Width));
            }
        }

        return [.. ranges];
    }

    private static bool MayExplain(RegressionBlock source, RegressionBlock target) =>
        source.Role != BlockRole.TargetOnly && target.Role != BlockRole.SourceOnly && source.Place < target.Place;
}
