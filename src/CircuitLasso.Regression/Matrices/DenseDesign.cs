using System.Globalization;
using System.Numerics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The rows of a design themselves, for losses that a Gram matrix cannot carry. Kept by column in float64, centred and optionally scaled to unit
/// standard deviation; coefficients are always given back in the original units. Constant columns become zero and so explain nothing.
/// </summary>
/// <remarks>Immutable once made; safe to read from several threads. Holds rows x columns x 8 bytes outside the managed heap: dispose of it.</remarks>
public sealed class DenseDesign : IDisposable
{
    private const double ConstantShare = 1e-12;
    private const int RowsPerCopy = 32;
    private readonly NativeBuffer<double> _values;
    private readonly double[] _means;
    private readonly double[] _scales;

    private DenseDesign(int rows, int columns, bool standardize)
    {
        Rows = rows;
        Standardized = standardize;
        _means = new double[columns];
        _scales = new double[columns];
        _values = new NativeBuffer<double>((nint)rows * columns, zeroed: false);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns => _means.Length;

    /// <summary>Whether columns are scaled to unit standard deviation, which changes the units of lambda.</summary>
    public bool Standardized { get; }

    internal ReadOnlySpan<double> Means => _means;

    internal ReadOnlySpan<double> Scales => _scales;

    /// <summary>Copies rows.</summary>
    /// <param name="rows">Row-major values.</param>
    /// <param name="columns">Number of columns, at least one.</param>
    /// <param name="standardize">Whether columns are scaled to unit standard deviation.</param>
    /// <param name="subject">What the rows are called in errors.</param>
    /// <exception cref="InputException">There are no rows, or a value is NaN or infinite; the message names its row and column, both from 0.</exception>
    /// <exception cref="ArgumentException">The length is not a multiple of the number of columns.</exception>
    public static DenseDesign FromRows(ReadOnlySpan<float> rows, int columns, bool standardize = false, string subject = "design")
    {
        DenseDesign design = Empty(rows.Length, columns, standardize, subject);
        for (int start = 0; start < design.Rows; start += RowsPerCopy)
        {
            int count = Math.Min(RowsPerCopy, design.Rows - start);
            design.SetRows(start, rows.Slice(start * columns, count * columns));
        }

        return design.Finish(subject);
    }

    /// <inheritdoc cref="FromRows(ReadOnlySpan{float}, int, bool, string)"/>
    public static DenseDesign FromRows(ReadOnlySpan<double> rows, int columns, bool standardize = false, string subject = "design")
    {
        DenseDesign design = Empty(rows.Length, columns, standardize, subject);
        for (int start = 0; start < design.Rows; start += RowsPerCopy)
        {
            int count = Math.Min(RowsPerCopy, design.Rows - start);
            design.SetRows(start, rows.Slice(start * columns, count * columns));
        }

        return design.Finish(subject);
    }

    /// <summary>Copies rows from a buffer, which may hold more than 2^31 values.</summary>
    /// <inheritdoc cref="FromRows(ReadOnlySpan{float}, int, bool, string)"/>
    public static DenseDesign FromRows(NativeBuffer<float> rows, int columns, bool standardize = false, string subject = "design")
    {
        DenseDesign design = Empty(rows.Length, columns, standardize, subject);
        for (int start = 0; start < design.Rows; start += RowsPerCopy)
        {
            int count = Math.Min(RowsPerCopy, design.Rows - start);
            design.SetRows<float>(start, rows.Slice((nint)start * columns, count * columns));
        }

        return design.Finish(subject);
    }

    /// <inheritdoc/>
    public void Dispose() => _values.Dispose();

    /// <summary>A column, centred and scaled.</summary>
    internal ReadOnlySpan<double> Column(int column) => _values.Slice((nint)column * Rows, Rows);

    private static DenseDesign Empty(nint length, int columns, bool standardize, string subject)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (length % columns != 0)
        {
            throw new ArgumentException($"{length} values are not whole rows of {columns}", nameof(length));
        }

        return length > 0 ? new DenseDesign(checked((int)(length / columns)), columns, standardize) : throw new InputException(subject, "it has no rows", "give at least one row");
    }

    private void SetRows<T>(int start, ReadOnlySpan<T> rows)
        where T : struct, INumber<T>
    {
        int count = rows.Length / Columns;
        for (int j = 0; j < Columns; j++)
        {
            Span<double> column = _values.Slice(((nint)j * Rows) + start, count);
            for (int i = 0; i < count; i++)
            {
                column[i] = double.CreateChecked(rows[(i * Columns) + j]);
            }
        }
    }

    private DenseDesign Finish(string subject)
    {
        try
        {
            for (int j = 0; j < Columns; j++)
            {
                FinishColumn(j, subject);
            }

            return this;
        }
        catch (InputException)
        {
            Dispose();
            throw;
        }
    }

    private void FinishColumn(int j, string subject)
    {
        Span<double> column = _values.Slice((nint)j * Rows, Rows);
        double mean = 0, squares = 0;
        for (int i = 0; i < column.Length; i++)
        {
            if (!double.IsFinite(column[i]))
            {
                throw new InputException(subject, $"row {i}, column {j} is {column[i].ToString(CultureInfo.InvariantCulture)}", "remove or repair that row");
            }

            mean += (column[i] - mean) / (i + 1);
        }

        foreach (double x in column)
        {
            squares += (x - mean) * (x - mean);
        }

        double deviation = Math.Sqrt(squares / Rows);
        if (!double.IsFinite(deviation))
        {
            throw new InputException(subject, $"column {j} is so large that its sum of squares overflows", "scale the columns down");
        }

        bool constant = deviation <= ConstantShare * Math.Abs(mean);
        _means[j] = mean;
        _scales[j] = Standardized && !constant ? deviation : 1;
        for (int i = 0; i < column.Length; i++)
        {
            column[i] = constant ? 0 : (column[i] - mean) / _scales[j];
        }
    }
}
