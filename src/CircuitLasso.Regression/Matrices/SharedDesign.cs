using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// A float32 design X that many targets share, as it is: neither centred nor scaled. What a solver asks of it are the Gram matrix X'X, products
/// with targets, and, for certificates, correlations with a residual summed in float64 over the rows themselves.
/// </summary>
/// <remarks>Immutable; safe for several threads. Results do not depend on the number of threads.</remarks>
public abstract class SharedDesign : IDisposable
{
    // Above this share of entries the dense kernels are faster and smaller.
    private const double DenseShare = 0.2;

    private protected SharedDesign(int rows, int columns)
    {
        Rows = rows;
        Columns = columns;
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Number of entries that are kept.</summary>
    public abstract long Entries { get; }

    /// <summary>Chooses the form of a design: plain numbers where more than a fifth of them are kept entries, else <see cref="SparseDesign"/>.</summary>
    /// <param name="matrix">The design.</param>
    /// <param name="subject">What it is called in errors.</param>
    /// <exception cref="InputException">There are no rows or no columns, or a value is NaN or infinite; the message names its row and column, both from 0.</exception>
    public static SharedDesign Create(CompressedColumns<float> matrix, string subject = "design")
    {
        CheckFinite(matrix, subject);
        return matrix.EntryCount > DenseShare * matrix.RowCount * matrix.ColumnCount ? new ColumnMajorDesign(matrix) : new SparseDesign(matrix);
    }

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
                    throw new InputException(subject, $"row {matrix.RowsOf(j)[i]}, column {j} is {values[i].ToString(CultureInfo.InvariantCulture)} as float32", "remove or repair that row");
                }

                squares += (double)values[i] * values[i];
            }

            if (squares > float.MaxValue)
            {
                throw new InputException(subject, $"column {j} is so large that its sum of squares overflows float32", "scale the columns down");
            }
        }
    }

    /// <summary>Bytes that the Gram matrix will take, before it is computed; of a sparse design an estimate from some of its columns.</summary>
    public abstract long EstimateGramBytes();

    /// <summary>Computes X'X: summed in float64, rounded once to float32.</summary>
    /// <param name="cancellationToken">Stops between columns.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract SharedGram ComputeGram(CancellationToken cancellationToken = default);

    /// <summary>Frees memory outside the managed heap. Calling it again does nothing.</summary>
    public abstract void Dispose();

    /// <summary>A column itself, for solvers that work on columns.</summary>
    internal abstract DesignColumn Column(int column);

    /// <summary>X'Y of targets side by side, in float64: target first + t fills the elements from t times <see cref="Columns"/>.</summary>
    internal abstract void Correlate(CompressedColumns<float> targets, int first, int count, NativeBuffer<double> products);

    /// <summary>Subtracts X w from y, in float64.</summary>
    internal abstract void Subtract(ReadOnlySpan<int> columns, ReadOnlySpan<double> weights, Span<double> y);

    /// <summary>X'r in float64.</summary>
    internal abstract void Correlate(ReadOnlySpan<double> residual, Span<double> products);
}
