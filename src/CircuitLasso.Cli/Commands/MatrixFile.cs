using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>A matrix of the user's: a SciPy .npz or a NumPy .npy.</summary>
internal static class MatrixFile
{
    /// <summary>Reads it as float32 by columns; a vector is one column.</summary>
    internal static CompressedColumns<float> Read(string path)
    {
        if (Path.GetExtension(path).Equals(".npz", StringComparison.OrdinalIgnoreCase))
        {
            return SciPySparseFile.Read<float>(path);
        }

        using NumPyArray array = NpyFile.Read(path);
        if (array.Shape.Count is not (1 or 2))
        {
            throw new InputException(path, $"has {array.Shape.Count} dimensions", "give rows x columns");
        }

        long rows = array.Shape[0], columns = array.Shape.Count == 2 ? array.Shape[1] : 1;
        if (rows > int.MaxValue || columns >= int.MaxValue || array.Length > Array.MaxLength)
        {
            throw new InputException(path, $"is {rows} x {columns}, more than fits here", "split it, or save it as a sparse matrix");
        }

        return Compress(array.AsSingles(), (int)rows, (int)columns);
    }

    private static CompressedColumns<float> Compress(float[] values, int rows, int columns)
    {
        long[] starts = new long[columns + 1];
        for (int at = 0; at < values.Length; at++)
        {
            starts[(at % columns) + 1] += values[at] != 0 ? 1 : 0;
        }

        for (int j = 0; j < columns; j++)
        {
            starts[j + 1] += starts[j];
        }

        long[] next = starts[..columns];
        int[] indices = new int[starts[^1]];
        float[] kept = new float[indices.Length];
        for (int at = 0; at < values.Length; at++)
        {
            if (values[at] != 0)
            {
                long place = next[at % columns]++;
                (indices[place], kept[place]) = (at / columns, values[at]);
            }
        }

        return new CompressedColumns<float>(rows, starts, indices, kept);
    }
}
