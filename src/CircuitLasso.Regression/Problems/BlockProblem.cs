using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The paper's problem: minimise over A of ||H - H A||_F^2 + lambda ||A||_1 (sums over rows, not means), where A[i, j] is free only when the
/// block of column i may explain the block of column j. Each target column is a Lasso of its own; all share one Gram matrix.
/// </summary>
/// <remarks>
/// With an intercept every column is centred first. With standardisation every column, source or target, is divided by its standard deviation
/// (root mean square without an intercept; divisor n), so lambda and certificates are in those units; coefficients are given back in the
/// units of H. A column that is constant (all zero without an intercept) explains nothing: its coefficients are exactly 0, and as a target
/// its null loss is 0. Immutable; safe for several threads. Holds columns x columns x 8 bytes: dispose of it.
/// </remarks>
public sealed class BlockProblem : IDisposable
{
    // A column whose standard deviation is below this share of its mean is constant up to the rounding of float64 sums.
    private const double ConstantShare = 1e-12;
    private readonly NativeBuffer<double> _gram;
    private readonly double[] _means;
    private readonly double[] _scales;
    private readonly bool[] _isTarget;
    private readonly ColumnRange[][] _allowed;

    /// <summary>Poses the problem.</summary>
    /// <param name="statistics">Statistics of H; copied, so it may be disposed of.</param>
    /// <param name="order">The blocks of H.</param>
    /// <param name="intercept">Whether every target has an unpenalised intercept.</param>
    /// <param name="standardize">Whether columns are scaled to unit standard deviation.</param>
    /// <exception cref="ArgumentException">The order covers another number of columns, or has no target.</exception>
    public BlockProblem(GramStatistics statistics, BlockOrder order, bool intercept = true, bool standardize = false)
    {
        int columns = statistics.Columns;
        if (order.Columns != columns)
        {
            throw new ArgumentException($"the blocks cover {order.Columns} columns, the statistics {columns}", nameof(order));
        }

        Order = order;
        Rows = statistics.Rows;
        Intercept = intercept;
        Standardized = standardize;
        _allowed = [.. Enumerable.Range(0, order.Blocks.Count).Select(order.AllowedRanges)];
        bool[] blockIsTarget = [.. Enumerable.Range(0, order.Blocks.Count).Select(order.IsTarget)];
        _isTarget = [.. Enumerable.Range(0, columns).Select(j => blockIsTarget[order.BlockOf(j)])];
        Targets = [.. Enumerable.Range(0, columns).Where(j => _isTarget[j])];
        if (Targets.Count == 0)
        {
            throw new ArgumentException("no block may be explained by another", nameof(order));
        }

        _means = intercept ? statistics.Means.ToArray() : new double[columns];
        _scales = new double[columns];
        bool[] constant = new bool[columns];
        for (int j = 0; j < columns; j++)
        {
            double mean = statistics.Means[j];
            double square = intercept ? statistics.CentredProducts(j)[j] : statistics.Product(j, j);
            constant[j] = square <= Rows * ConstantShare * ConstantShare * mean * mean;
            _scales[j] = standardize && !constant[j] ? Math.Sqrt(square / Rows) : 1;
        }

        _gram = new NativeBuffer<double>((nint)columns * columns, zeroed: false);
        DeterministicParallel.For(columns, i =>
        {
            Span<double> row = _gram.Slice((nint)i * columns, columns);
            for (int j = 0; j < columns; j++)
            {
                double product = intercept ? statistics.CentredProducts(i)[j] : statistics.Product(i, j);
                row[j] = constant[i] || constant[j] ? 0 : product / (_scales[i] * _scales[j]);
            }
        });
    }

    /// <summary>The blocks.</summary>
    public BlockOrder Order { get; }

    /// <summary>Number of rows of H.</summary>
    public long Rows { get; }

    /// <summary>Number of columns of H.</summary>
    public int Columns => _scales.Length;

    /// <summary>Whether every target has an unpenalised intercept.</summary>
    public bool Intercept { get; }

    /// <summary>Whether columns are scaled to unit standard deviation, which changes the units of lambda.</summary>
    public bool Standardized { get; }

    /// <summary>The columns that are explained, ascending.</summary>
    public IReadOnlyList<int> Targets { get; }

    /// <summary>What each column is divided by before the problem is solved; 1 without standardisation.</summary>
    public ReadOnlySpan<double> Scales => _scales;

    /// <summary>What is taken from each column before the problem is solved: its mean, or 0 without an intercept.</summary>
    public ReadOnlySpan<double> Centres => _means;

    /// <summary>||y||^2 of a target, centred and scaled as the problem states: the loss with no coefficient at all.</summary>
    /// <param name="column">A target column.</param>
    public double NullLoss(int column) => GramRow(column)[column];

    /// <summary>The smallest lambda at which every coefficient of a target is zero: 2 max |X'y|.</summary>
    /// <param name="column">A target column.</param>
    public double MaximumLambda(int column)
    {
        double largest = 0;
        foreach (ColumnRange range in Allowed(column))
        {
            largest = Math.Max(largest, VectorLoops.LargestMagnitude(GramRow(column).Slice(range.Start, range.Length)));
        }

        return 2 * largest;
    }

    /// <summary>The smallest lambda at which all of A is zero.</summary>
    public double MaximumLambda() => Targets.Max(MaximumLambda);

    /// <inheritdoc/>
    public void Dispose() => _gram.Dispose();

    internal NativeBuffer<double> Gram => _gram;

    internal ReadOnlySpan<double> GramRow(int column) => _gram.Slice((nint)column * Columns, Columns);

    internal ReadOnlySpan<ColumnRange> Allowed(int target) => _isTarget[target] ? _allowed[Order.BlockOf(target)] : [];
}
