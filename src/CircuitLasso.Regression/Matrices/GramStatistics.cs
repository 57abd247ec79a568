using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// What least squares needs to know of a matrix X (rows x columns): the number of rows n, the column means m and the centred products
/// S = (X - 1 m')'(X - 1 m'), all float64. Then X'X = S + n m m'. Statistics of disjoint rows are merged and subtracted by rank-one
/// corrections (Chan, Golub and LeVeque 1983), which never cancel the means against the products.
/// </summary>
/// <remarks>Immutable and safe to read from several threads. Holds columns x columns x 8 bytes outside the managed heap: dispose of it.</remarks>
public sealed class GramStatistics : IDisposable
{
    private const int RowsPerTask = 64;
    private readonly NativeBuffer<double> _products;
    private readonly double[] _means;

    internal GramStatistics(long rows, double[] means, NativeBuffer<double> products)
    {
        Rows = rows;
        _means = means;
        _products = products;
    }

    /// <summary>Number of rows n.</summary>
    public long Rows { get; private set; }

    /// <summary>Number of columns.</summary>
    public int Columns => _means.Length;

    /// <summary>The column means m.</summary>
    public ReadOnlySpan<double> Means => _means;

    /// <summary>Row <paramref name="column"/> of S: the centred products of one column with every column.</summary>
    /// <param name="column">The column, from 0.</param>
    public ReadOnlySpan<double> CentredProducts(int column) => Row(column);

    /// <summary>Element (i, j) of X'X, not centred.</summary>
    /// <param name="i">A column.</param>
    /// <param name="j">A column.</param>
    public double Product(int i, int j) => Row(i)[j] + (Rows * _means[i] * _means[j]);

    /// <summary>The statistics of the rows of both.</summary>
    /// <param name="first">Statistics of some rows.</param>
    /// <param name="second">Statistics of other rows, over the same columns.</param>
    /// <exception cref="ArgumentException">The columns differ in number.</exception>
    public static GramStatistics Merge(GramStatistics first, GramStatistics second)
    {
        GramStatistics result = first.Copy();
        result.MergeUpper(second);
        result.Mirror();
        return result;
    }

    /// <summary>The statistics of the rows that remain when the rows of <paramref name="part"/> are taken away (a fold's complement).</summary>
    /// <param name="part">Statistics of some of these rows, but not of all.</param>
    /// <exception cref="ArgumentException">The columns differ in number, or no row remains.</exception>
    public GramStatistics Subtract(GramStatistics part)
    {
        CheckColumns(part);
        if (part.Rows >= Rows)
        {
            throw new ArgumentException($"taking {part.Rows} rows from {Rows} leaves none", nameof(part));
        }

        GramStatistics rest = Copy();
        long rows = Rows - part.Rows;
        double[] difference = new double[Columns];
        for (int j = 0; j < Columns; j++)
        {
            rest._means[j] = _means[j] + ((_means[j] - part._means[j]) * part.Rows / rows);
            difference[j] = rest._means[j] - part._means[j];
        }

        double weight = -((double)rows * part.Rows / Rows);
        rest.AddUpper(-1, part, weight, difference);
        rest.Rows = rows;
        for (int j = 0; j < Columns; j++)
        {
            // A square cannot be negative; what rounding leaves below zero is a column that is constant on the remaining rows.
            Span<double> row = rest.Row(j);
            row[j] = Math.Max(row[j], 0);
        }

        rest.Mirror();
        return rest;
    }

    /// <inheritdoc/>
    public void Dispose() => _products.Dispose();

    /// <summary>Adds other rows, keeping only the upper triangle right.</summary>
    internal void MergeUpper(GramStatistics other)
    {
        CheckColumns(other);
        double[] difference = new double[Columns];
        long rows = Rows + other.Rows;
        for (int j = 0; j < Columns; j++)
        {
            difference[j] = other._means[j] - _means[j];
            _means[j] += difference[j] * other.Rows / rows;
        }

        AddUpper(1, other, (double)Rows * other.Rows / rows, difference);
        Rows = rows;
    }

    /// <summary>Copies the upper triangle to the lower one.</summary>
    internal void Mirror() => ForRows(i =>
    {
        Span<double> row = Row(i);
        for (int j = 0; j < i; j++)
        {
            row[j] = _products.Slice(((nint)j * Columns) + i, 1)[0];
        }
    });

    private Span<double> Row(int column) => _products.Slice((nint)column * Columns, Columns);

    private void AddUpper(double factor, GramStatistics other, double weight, double[] difference) => ForRows(i =>
    {
        Span<double> row = Row(i)[i..];
        VectorLoops.AddScaled(factor, other.Row(i)[i..], row);
        VectorLoops.AddScaled(weight * difference[i], difference.AsSpan(i), row);
    });

    private void ForRows(Action<int> task) => DeterministicParallel.For((Columns + RowsPerTask - 1) / RowsPerTask, chunk =>
    {
        for (int i = chunk * RowsPerTask; i < Math.Min(Columns, (chunk + 1) * RowsPerTask); i++)
        {
            task(i);
        }
    });

    private GramStatistics Copy()
    {
        GramStatistics copy = new(Rows, [.. _means], new NativeBuffer<double>(_products.Length, zeroed: false));
        for (int i = 0; i < Columns; i++)
        {
            Row(i).CopyTo(copy.Row(i));
        }

        return copy;
    }

    private void CheckColumns(GramStatistics other)
    {
        if (other.Columns != Columns)
        {
            throw new ArgumentException($"the statistics are over {other.Columns} columns, not over {Columns}", nameof(other));
        }
    }
}
