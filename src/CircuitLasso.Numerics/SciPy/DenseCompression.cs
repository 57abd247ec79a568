namespace CircuitLasso.Numerics;

/// <summary>Compressed columns of an array that has all of its zeros, in windows, so that what is held is the array and the entries.</summary>
public static class DenseCompression
{
    private const int WindowLength = 1 << 16;
    private const int MaximumEmptyColumns = 1 << 24;

    /// <summary>Hands out an array's rows as float32, several at a time.</summary>
    /// <param name="first">The first of the rows.</param>
    /// <param name="rows">Their values, row-major; valid during the call.</param>
    public delegate void RowWindow(int first, ReadOnlySpan<float> rows);

    /// <summary>Rows and columns of an array; a vector is one column.</summary>
    /// <param name="array">The array.</param>
    /// <exception cref="InputException">It has neither one nor two dimensions, or they do not fit an int.</exception>
    public static (int Rows, int Columns) Shape(NumPyArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Shape.Count is not (1 or 2))
        {
            throw new InputException(array.Source, $"has {array.Shape.Count} dimensions", "give rows x columns");
        }

        long rows = array.Shape[0], columns = array.Shape.Count == 2 ? array.Shape[1] : 1;

        // Columns without rows are the one thing that a small file can make many.
        return rows <= int.MaxValue && columns < int.MaxValue && columns <= MaximumEmptyColumns + array.Length
            ? ((int)rows, (int)columns)
            : throw new InputException(array.Source, $"is {rows} x {columns}, more than fits here", "split it");
    }

    /// <summary>Goes through the rows in order.</summary>
    /// <param name="array">The array, of one or two dimensions.</param>
    /// <param name="use">Told of each window.</param>
    public static void ForRows(NumPyArray array, RowWindow use)
    {
        ArgumentNullException.ThrowIfNull(use);
        (int rows, int columns) = Shape(array);
        if (columns == 0)
        {
            return;
        }

        int height = Math.Max(1, WindowLength / columns);
        float[] window = new float[Math.Min(height, rows) * columns];
        for (int first = 0; first < rows; first += height)
        {
            Span<float> values = window.AsSpan(0, Math.Min(height, rows - first) * columns);
            array.CopyTo((nint)first * columns, values);
            use(first, values);
        }
    }

    /// <summary>Counts the elements that are not zero.</summary>
    /// <param name="array">The array, of one or two dimensions.</param>
    public static long CountEntries(NumPyArray array)
    {
        long count = 0;
        ForRows(array, (_, values) => count += values.Length - values.Count(0));
        return count;
    }

    /// <summary>Keeps the elements that are not zero, as float32.</summary>
    /// <param name="array">The array, of one or two dimensions.</param>
    /// <exception cref="InputException">It has other dimensions, or more entries than fit a .NET array.</exception>
    public static CompressedColumns<float> Compress(NumPyArray array)
    {
        (int rows, int columns) = Shape(array);
        long[] starts = new long[columns + 1];
        ForRows(array, (_, values) =>
        {
            for (int at = 0; at < values.Length; at += columns)
            {
                for (int j = 0; j < columns; j++)
                {
                    starts[j + 1] += values[at + j] != 0 ? 1 : 0;
                }
            }
        });
        for (int j = 0; j < columns; j++)
        {
            starts[j + 1] += starts[j];
        }

        if (starts[^1] > Array.MaxLength)
        {
            throw new InputException(array.Source, $"has {starts[^1]} entries, more than the {Array.MaxLength} that fit here", "split it");
        }

        long[] next = starts[..columns];
        int[] indices = new int[starts[^1]];
        float[] kept = new float[indices.Length];
        ForRows(array, (first, values) =>
        {
            for (int at = 0, row = first; at < values.Length; at += columns, row++)
            {
                for (int j = 0; j < columns; j++)
                {
                    if (values[at + j] != 0)
                    {
                        long place = next[j]++;
                        (indices[place], kept[place]) = (row, values[at + j]);
                    }
                }
            }
        });
        return new CompressedColumns<float>(rows, starts, indices, kept);
    }
}
