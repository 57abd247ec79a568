using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Cli;

/// <summary>A matrix of the user's: a SciPy .npz or a NumPy .npy.</summary>
internal static class MatrixFile
{
    /// <summary>Reads it as float32 by columns; a vector is one column.</summary>
    internal static CompressedColumns<float> Read(string path)
    {
        if (IsSparse(path))
        {
            return SciPySparseFile.Read<float>(path);
        }

        using NumPyArray array = NpyFile.Read(path);
        return DenseCompression.Compress(array);
    }

    /// <summary>Reads it as a design, with no copy but the one that is kept.</summary>
    internal static SharedDesign ReadDesign(string path, bool centred = false)
    {
        if (IsSparse(path))
        {
            (CompressedColumns<float> columns, CompressedColumns<float> rows) = SciPySparseFile.ReadBothWays<float>(path);
            return SharedDesign.Create(columns, path, centred, rows);
        }

        using NumPyArray array = NpyFile.Read(path);
        return SharedDesign.Create(array, centred);
    }

    private static bool IsSparse(string path) => Path.GetExtension(path).Equals(".npz", StringComparison.OrdinalIgnoreCase);
}
