using System.Globalization;
using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// A float32 design X that many targets share, unscaled, and as it is or centred. What a solver asks of it are the Gram matrix X'X, products
/// with targets, and, for certificates, correlations with a residual summed in float64 over the rows themselves. Centred, X and every
/// target stand for their columns less their means, which is what an intercept amounts to; the entries are kept as they are, and the means
/// are taken off the sums (X_c'X_c = X'X - n m m'), so that a sparse design stays sparse. A column that is constant is zero once centred.
/// </summary>
/// <remarks>Immutable; safe for several threads. Results do not depend on the number of threads.</remarks>
public abstract class SharedDesign : IDisposable
{
    // Above this share of entries the dense kernels are faster and smaller.
    private const double DenseShare = 0.2;

    // A deviation below this share of the mean is rounding.
    private const double ConstantShare = 1e-7;

    private double[] _means = [];
    private int[] _constants = [];

    private protected SharedDesign(int rows, int columns, bool centred)
    {
        Rows = rows;
        Columns = columns;
        IsCentred = centred;
    }

    /// <summary>Gives rows of a matrix of plain numbers.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="rows">Takes whole rows, row-major.</param>
    public delegate void RowSource(int first, Span<float> rows);

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Whether X and the targets stand for their centred columns.</summary>
    public bool IsCentred { get; }

    /// <summary>The means of the columns; empty where the design is not centred.</summary>
    public ReadOnlySpan<double> Means => _means;

    /// <summary>Number of entries that are kept.</summary>
    public abstract long Entries { get; }

    /// <summary>Chooses the form of a design: plain numbers where more than a fifth of them are kept entries, else <see cref="SparseDesign"/>.</summary>
    /// <param name="matrix">The design.</param>
    /// <param name="subject">What it is called in errors.</param>
    /// <param name="centred">Whether X and every target stand for their centred columns.</param>
    /// <param name="transpose">The transpose, where it is at hand; a sparse design keeps both.</param>
    /// <exception cref="InputException">There are no rows or no columns, or a value is NaN or infinite; the message names its row and column, both from 0.</exception>
    public static SharedDesign Create(CompressedColumns<float> matrix, string subject = "design", bool centred = false, CompressedColumns<float>? transpose = null)
    {
        CheckFinite(matrix, subject);
        return IsDense(matrix.EntryCount, matrix.RowCount, matrix.ColumnCount) ? new ColumnMajorDesign(matrix, centred) : new SparseDesign(matrix, centred, transpose: transpose);
    }

    /// <summary>The same of an array, rows x columns; a vector is one column. Plain numbers are copied from it straight to their place.</summary>
    /// <param name="array">The design; it is not needed any more afterwards.</param>
    /// <param name="centred">Whether X and every target stand for their centred columns.</param>
    /// <exception cref="InputException">It has neither one nor two dimensions, no rows or no columns, or a value is NaN or infinite; the message names its row and column, both from 0.</exception>
    public static SharedDesign Create(NumPyArray array, bool centred = false)
    {
        (int rows, int columns) = DenseCompression.Shape(array);
        if (rows == 0 || columns == 0 || !IsDense(DenseCompression.CountEntries(array), rows, columns))
        {
            return Create(DenseCompression.Compress(array), array.Source, centred);
        }

        return new ColumnMajorDesign(array, rows, columns, centred);
    }

    /// <summary>A design of plain numbers, whose rows are asked for in pieces, in order, and copied straight to their place.</summary>
    /// <param name="rows">Number of rows, at least one.</param>
    /// <param name="columns">Number of columns, at least one.</param>
    /// <param name="source">Gives the rows.</param>
    /// <param name="subject">What the design is called in errors.</param>
    /// <param name="centred">Whether X and every target stand for their centred columns.</param>
    /// <exception cref="InputException">A value is NaN or infinite, or a column so large that a sum of squares leaves float32; the message names the row and column, both from 0.</exception>
    public static SharedDesign CreateDense(int rows, int columns, RowSource source, string subject = "design", bool centred = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentNullException.ThrowIfNull(source);
        return new ColumnMajorDesign(rows, columns, source, subject, centred);
    }

    /// <summary>Whether <see cref="Create(CompressedColumns{float}, string, bool, CompressedColumns{float})"/> keeps a design as plain numbers: where more than a fifth of them are entries.</summary>
    /// <param name="entries">Number of entries.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    public static bool IsDense(long entries, int rows, int columns) => entries > DenseShare * rows * columns;

    /// <summary>Refuses an empty matrix and values that are not finite, or so large that a sum of squares leaves float32.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="subject">What it is called in errors.</param>
    /// <exception cref="InputException">As said; the message names the row and the column, both from 0.</exception>
    public static void CheckFinite(CompressedColumns<float> matrix, string subject)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (matrix.RowCount == 0 || matrix.ColumnCount == 0)
        {
            throw new InputException(subject, $"it is {matrix.RowCount} x {matrix.ColumnCount}", "give at least one row and one column");
        }

        for (int j = 0; j < matrix.ColumnCount; j++)
        {
            ReadOnlySpan<float> values = matrix.ValuesOf(j);
            double squares = 0;
            for (int i = 0; i < values.Length; i++)
            {
                if (!float.IsFinite(values[i]))
                {
                    throw NotFinite(values[i], matrix.RowsOf(j)[i], j, subject);
                }

                squares += (double)values[i] * values[i];
            }

            CheckSquares(squares, j, subject);
        }
    }

    /// <summary>Bytes that the Gram matrix will take, before it is computed; of a sparse design an estimate from some of its columns.</summary>
    public abstract long EstimateGramBytes();

    /// <summary>
    /// Computes X'X: summed in float64, rounded once to float32. Of a centred design that is sparse, what is rounded is X'X of the entries,
    /// and the means go along in float64.
    /// </summary>
    /// <param name="maximumBytes">What it may hold at once, the memory of the sums included.</param>
    /// <param name="progress">Told of columns done, each by its share of the work, or null.</param>
    /// <param name="cancellationToken">Stops between columns.</param>
    /// <returns>The matrix, or null where it would take more bytes; the number of threads does not matter to that.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract SharedGram? ComputeGram(long maximumBytes = long.MaxValue, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>The standard deviation of each column (divisor n), or its root mean square; 1 for a column where that is zero.</summary>
    /// <param name="aboutMean">Whether the mean is taken off first.</param>
    public double[] Deviations(bool aboutMean)
    {
        double[] deviations = new double[Columns];
        for (int j = 0; j < Columns; j++)
        {
            ReadOnlySpan<float> values = Column(j).Values;
            double mean = aboutMean ? Sum(values) / Rows : 0, squares = (Rows - values.Length) * mean * mean;
            foreach (float value in values)
            {
                squares += (value - mean) * (value - mean);
            }

            double deviation = Math.Sqrt(squares / Rows);
            deviations[j] = deviation > ConstantShare * Math.Abs(mean) ? deviation : 1;
        }

        return deviations;
    }

    /// <summary>Frees memory outside the managed heap. Calling it again does nothing.</summary>
    public abstract void Dispose();

    /// <summary>What computes columns of X'X for one thread, as the Gram matrix keeps them.</summary>
    internal abstract SharedGramBuilder.Fill CreateColumnSums();

    /// <summary>What the columns lack to be centred; see <see cref="SharedGram.Offsets"/>.</summary>
    internal abstract double[] GramOffsets();

    /// <summary>A column itself, never centred, for solvers that work on columns.</summary>
    internal abstract DesignColumn Column(int column);

    /// <summary>A design of some of the rows, ascending; centred by their own means where this one is centred.</summary>
    internal abstract SharedDesign SelectRows(ReadOnlySpan<int> rows);

    /// <summary>X'Y of targets side by side, in float64: target first + t fills the elements from t times <see cref="Columns"/>.</summary>
    internal void Correlate(CompressedColumns<float> targets, int first, int count, NativeBuffer<double> products)
    {
        CorrelateEntries(targets, first, count, products);
        for (int t = 0; t < (IsCentred ? count : 0); t++)
        {
            TakeMeansOff(Sum(targets.ValuesOf(first + t)), products.Slice((nint)t * Columns, Columns));
        }
    }

    /// <summary>Subtracts X w from y, in float64.</summary>
    internal void Subtract(ReadOnlySpan<int> columns, ReadOnlySpan<double> weights, Span<double> y)
    {
        double level = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            Column(columns[i]).AddScaledTo(-weights[i], y);
            level += IsCentred ? weights[i] * _means[columns[i]] : 0;
        }

        if (IsCentred)
        {
            TensorPrimitives.Add(y, level, y);
        }
    }

    /// <summary>X'r in float64.</summary>
    internal void Correlate(ReadOnlySpan<double> residual, Span<double> products)
    {
        CorrelateEntries(residual, products);
        if (IsCentred)
        {
            TakeMeansOff(TensorPrimitives.Sum(residual), products);
        }
    }

    /// <summary>X'Y of the entries as they are.</summary>
    private protected abstract void CorrelateEntries(CompressedColumns<float> targets, int first, int count, NativeBuffer<double> products);

    /// <summary>X'r of the entries as they are.</summary>
    private protected abstract void CorrelateEntries(ReadOnlySpan<double> residual, Span<double> products);

    internal static InputException NotFinite(float value, long row, int column, string subject) =>
        new(subject, $"row {row}, column {column} is {value.ToString(CultureInfo.InvariantCulture)} as float32", "remove or repair that row");

    internal static void CheckSquares(double squares, int column, string subject)
    {
        if (squares > float.MaxValue)
        {
            throw new InputException(subject, $"column {column} is so large that its sum of squares overflows float32", "scale the columns down");
        }
    }

    /// <summary>Computes the means, once the entries are in their place.</summary>
    private protected void Centre()
    {
        if (IsCentred)
        {
            _means = [.. Enumerable.Range(0, Columns).Select(j => Sum(Column(j).Values) / Rows)];
            _constants = [.. Enumerable.Range(0, Columns).Where(j => Column(j).Values.Length == Rows && !Column(j).Values.ContainsAnyExcept(Column(j).Values[0]))];
        }
    }

    /// <summary>Clears what belongs to columns that are zero once centred, which rounding would leave a little off.</summary>
    private protected void ClearConstants(Span<double> products)
    {
        foreach (int column in _constants)
        {
            products[column] = 0;
        }
    }

    private protected bool IsConstant(int column) => Array.BinarySearch(_constants, column) >= 0;

    private void TakeMeansOff(double factor, Span<double> products)
    {
        VectorLoops.AddScaled(-factor, _means, products);
        ClearConstants(products);
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }
}
