using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Columns of X'X that have entries in most rows (the error of an autoencoder beside its features), several neighbours at once: each column of X is passed over once for all of them.
/// Summed row by row as <see cref="GramColumnSums"/> does, so every sum has the same bits. For one thread.
/// </summary>
/// <param name="columns">X by columns.</param>
internal sealed class FrequentColumnSums(CompressedColumns<float> columns)
{
    // From this share of the rows on, a column is cheaper here.
    private const double FrequentShare = 0.25;
    private const int Sums = 4;
    private readonly Vector<double>[] _rows = new Vector<double>[Sums * columns.RowCount];
    private readonly Vector<double>[] _sums = new Vector<double>[Sums * columns.ColumnCount];
    private int _first = -1;

    /// <summary>How many neighbours are summed at once.</summary>
    public static int Neighbours => Sums * Vector<double>.Count;

    /// <summary>Bytes that one thread holds.</summary>
    public static long WorkingBytes(int rows, int columns) => 8L * Neighbours * (rows + (long)columns);

    /// <summary>Whether a column has entries in many rows.</summary>
    public static bool IsFrequent(CompressedColumns<float> columns, int column) => columns.RowsOf(column).Length > FrequentShare * columns.RowCount;

    /// <summary>Fills the sums of a column of X'X.</summary>
    public void Sum(int column, Span<double> sums)
    {
        int first = column - (column % Neighbours);
        if (first != _first)
        {
            SumNeighbours(first);
            _first = first;
        }

        ReadOnlySpan<double> found = MemoryMarshal.Cast<Vector<double>, double>(_sums.AsSpan());
        for (int i = 0, at = column - first; i < sums.Length; i++, at += Neighbours)
        {
            sums[i] = found[at];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumNeighbours(int first)
    {
        _rows.AsSpan().Clear();
        Span<double> numbers = MemoryMarshal.Cast<Vector<double>, double>(_rows.AsSpan());
        for (int k = 0; k < Neighbours && first + k < columns.ColumnCount; k++)
        {
            ReadOnlySpan<int> at = columns.RowsOf(first + k);
            ReadOnlySpan<float> values = columns.ValuesOf(first + k);
            for (int i = 0; i < at.Length; i++)
            {
                numbers[(at[i] * Neighbours) + k] = values[i];
            }
        }

        ReadOnlySpan<Vector<double>> rows = _rows;
        for (int j = 0; j < columns.ColumnCount; j++)
        {
            ReadOnlySpan<int> at = columns.RowsOf(j);
            ReadOnlySpan<float> values = columns.ValuesOf(j)[..at.Length];
            Vector<double> a = Vector<double>.Zero, b = a, c = a, d = a;
            for (int i = 0; i < at.Length; i++)
            {
                // The product of two float32 numbers is exact in float64, however it is added.
                Vector<double> value = new(values[i]);
                ReadOnlySpan<Vector<double>> row = rows.Slice(Sums * at[i], Sums);
                a += value * row[0];
                b += value * row[1];
                c += value * row[2];
                d += value * row[3];
            }

            Span<Vector<double>> sums = _sums.AsSpan(Sums * j, Sums);
            (sums[0], sums[1], sums[2], sums[3]) = (a, b, c, d);
        }
    }
}
