using System.Numerics;

namespace CircuitLasso.Numerics;

/// <summary>
/// SciPy's file of one sparse matrix, the .npz of <c>scipy.sparse.save_npz</c>: the arrays <c>format</c>, <c>shape</c>, <c>indptr</c>,
/// <c>indices</c> and <c>data</c>. Compressed columns (csc) and rows (csr) are read, with int32 or int64 indices and float32 or float64
/// data; what is written is csc, with int32 indices where SciPy would choose them.
/// </summary>
public static class SciPySparseFile
{
    private const string Remedy = "save the matrix again with scipy.sparse.save_npz, as csc or csr";
    private const int MaximumEmptyColumns = 1 << 24;
    private const int WindowLength = 1 << 16;

    /// <summary>
    /// Reads a matrix. Rows that do not ascend within a column are sorted, and entries of one place are added up, as SciPy does in every
    /// operation.
    /// </summary>
    /// <typeparam name="T">The type of the values in memory, float or double; float64 data become float32 by rounding.</typeparam>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is missing or damaged, holds another format or element type, or its indices are not those of such a matrix.</exception>
    public static CompressedColumns<T> Read<T>(string path)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Read<T>(path, out _);

    /// <summary>Reads a matrix by columns and also by rows, with one transposition: the file has it one way.</summary>
    /// <inheritdoc cref="Read{T}(string)"/>
    /// <returns>The matrix, and its transpose.</returns>
    public static (CompressedColumns<T> Columns, CompressedColumns<T> Rows) ReadBothWays<T>(string path)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CompressedColumns<T> columns = Read(path, out CompressedColumns<T>? rows);
        return (columns, rows ?? columns.Transpose());
    }

    // The rows come along where the file has them, sorted and without repetition.
    private static CompressedColumns<T> Read<T>(string path, out CompressedColumns<T>? rows)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        rows = null;
        using NpzFile file = new(path);
        string? format = file.ReadText("format");
        if (format is not ("csc" or "csr"))
        {
            string found = format is null ? "has no readable name of its format" : $"holds a matrix in the format '{Shown(format)}'";
            throw new InputException(path, found, "convert it with .tocsc() before scipy.sparse.save_npz");
        }

        long[] shape = Vector(file, "shape", static array => array.AsInt64s());
        if (shape.Length != 2 || shape.Any(static length => length is < 0 or >= int.MaxValue))
        {
            throw new InputException(path, $"has the shape ({string.Join(", ", shape.Take(4))}), not two lengths below 2^31 - 1", Remedy);
        }

        bool byColumns = format == "csc";
        int majors = (int)shape[byColumns ? 1 : 0], minors = (int)shape[byColumns ? 0 : 1];
        long[] starts = Vector(file, "indptr", static array => array.AsInt64s());
        int entries = CheckStarts(path, starts, majors);
        T[] values = Vector(file, "data", Values<T>);
        if (values.Length != entries)
        {
            throw new InputException($"{path} (indptr)", $"runs from 0 to {entries}, and there are {values.Length} entries", Remedy);
        }

        int[] indices = Vector(file, "indices", array => Indices(array, path, minors, entries));
        bool isSorted = Ascend(starts, indices);
        (long[] Starts, int[] Indices, T[] Values) columns = (starts, indices, values);
        if (!byColumns)
        {
            // The starts of the columns are the one thing that a small file can make large.
            if (minors > MaximumEmptyColumns + values.Length)
            {
                throw new InputException(path, $"has {minors} columns and {values.Length} entries", "leave out the empty columns, or save the matrix as csc");
            }

            columns = SparseTransposition.Run(minors, starts, indices, values);
            rows = isSorted ? new CompressedColumns<T>(minors, starts, indices, values) : null;
        }
        else if (!isSorted)
        {
            for (int j = 0; j < majors; j++)
            {
                Array.Sort(indices, values, (int)starts[j], (int)(starts[j + 1] - starts[j]));
            }

            columns = SparseTransposition.Merge(starts, indices, values);
        }

        return new CompressedColumns<T>((int)shape[0], columns.Starts, columns.Indices, columns.Values);
    }

    /// <summary>Writes a matrix as csc. The same matrix gives the same bytes, but for the version of .NET where they are deflated.</summary>
    /// <typeparam name="T">The type of the values, float or double.</typeparam>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="matrix">The matrix.</param>
    /// <param name="compress">Whether the arrays are deflated, as save_npz does by default.</param>
    /// <param name="vectors">Further float64 vectors by name, which load_npz passes over and numpy.load finds; none by default.</param>
    /// <exception cref="InputException">The file cannot be written, or the disk is full.</exception>
    public static void Write<T>(string path, CompressedColumns<T> matrix, bool compress = true, IReadOnlyList<KeyValuePair<string, double[]>>? vectors = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(matrix);
        using NumPyArray indices = NumPyArray.Create(matrix.RowIndices, matrix.EntryCount);
        using NumPyArray starts = NumPyArray.Create(Array.ConvertAll(matrix.ColumnStarts.ToArray(), static start => (int)start).AsSpan(), matrix.ColumnStarts.Length);
        using NumPyArray shape = NumPyArray.Create<long>([matrix.RowCount, matrix.ColumnCount], 2);
        using NumPyArray values = NumPyArray.Create(matrix.Values, matrix.EntryCount);
        NpzFile.WriteEntries(
            path,
            [
                new("indices", indices.WriteTo),
                new("indptr", starts.WriteTo),
                new("format", static stream => stream.Write(NumPyText.ToBytes("csc"))),
                new("shape", shape.WriteTo),
                new("data", values.WriteTo),
                .. (vectors ?? []).Select(static vector => new KeyValuePair<string, Action<Stream>>(vector.Key, stream =>
                {
                    using NumPyArray array = NumPyArray.Create<double>(vector.Value, vector.Value.Length);
                    array.WriteTo(stream);
                })),
            ],
            compress);
    }

    private static T[] Values<T>(NumPyArray array)
        where T : unmanaged
    {
        if (array.DataType is not (NumPyDataType.Float32 or NumPyDataType.Float64))
        {
            throw new InputException(array.Source, "holds no floating-point numbers", "convert the matrix with .astype(numpy.float32)");
        }

        return (T[])(typeof(T) == typeof(float) ? array.AsSingles() : (object)array.AsDoubles());
    }

    private static T[] Vector<T>(NpzFile file, string name, Func<NumPyArray, T[]> convert)
    {
        using NumPyArray array = file.Read(name);
        return array.Shape.Count == 1 ? convert(array) : throw new InputException(array.Source, $"has {array.Shape.Count} dimensions where one is expected", Remedy);
    }

    /// <summary>Refuses starts that are none; returns the number of entries, before any of them is read.</summary>
    private static int CheckStarts(string path, long[] starts, int majors)
    {
        if (starts.Length != majors + 1)
        {
            throw new InputException($"{path} (indptr)", $"has {starts.Length} elements where the shape asks for {majors + 1}", Remedy);
        }

        if (starts[0] != 0)
        {
            throw new InputException($"{path} (indptr)", $"runs from {starts[0]} to {starts[^1]}, and not from 0", Remedy);
        }

        if (starts[^1] > Array.MaxLength)
        {
            throw new InputException(path, $"has {starts[^1]} entries, more than the {Array.MaxLength} that fit here", "save fewer rows or columns");
        }

        for (int i = 0; i < majors; i++)
        {
            if (starts[i + 1] < starts[i])
            {
                throw new InputException($"{path} (indptr)", $"descends from {starts[i]} to {starts[i + 1]} at element {i + 1}", Remedy);
            }
        }

        return (int)starts[^1];
    }

    private static int[] Indices(NumPyArray array, string path, int minors, int entries)
    {
        if (array.Length != entries)
        {
            throw new InputException($"{path} (indices)", $"has {array.Length} elements and data {entries}", Remedy);
        }

        int[] indices = new int[entries];
        long[] window = new long[Math.Min(entries, WindowLength)];
        for (int start = 0; start < entries; start += window.Length)
        {
            Span<long> wide = window.AsSpan(0, Math.Min(window.Length, entries - start));
            array.CopyTo(start, wide);
            for (int i = 0; i < wide.Length; i++)
            {
                indices[start + i] = wide[i] >= 0 && wide[i] < minors
                    ? (int)wide[i]
                    : throw new InputException($"{path} (indices)", $"element {start + i} is {wide[i]}, outside the {minors} that the shape allows", Remedy);
            }
        }

        return indices;
    }

    private static bool Ascend(long[] starts, int[] indices)
    {
        for (int group = 0; group + 1 < starts.Length; group++)
        {
            for (long at = starts[group] + 1; at < starts[group + 1]; at++)
            {
                if (indices[at] <= indices[at - 1])
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static string Shown(string text) => text.Length <= 20 ? text : text[..20] + "...";
}
