namespace CircuitLasso.Numerics;

/// <summary>
/// NumPy's file of one array (.npy, versions 1.0 to 3.0). float32, float64, int32, int64, uint8 and bool are read, in either byte order and in C or
/// Fortran order; what is written is little-endian and C order, byte for byte what numpy.save writes.
/// </summary>
public static class NpyFile
{
    /// <summary>Reads an array into memory.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The array; dispose of it to free its memory early.</returns>
    /// <exception cref="InputException">The file is missing or damaged, is not an .npy file, or holds another element type.</exception>
    public static NumPyArray Read(string path)
    {
        using FileStream stream = InputFile.OpenRead(path);
        try
        {
            return NumPyReader.Read(path, stream, stream.Length);
        }
        catch (IOException exception)
        {
            throw new InputException(path, $"cannot be read ({exception.Message})", "check the file and its disk", exception);
        }
    }

    /// <summary>Writes an array.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="array">The array.</param>
    /// <exception cref="InputException">The file cannot be written, or the disk is full.</exception>
    public static void Write(string path, NumPyArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        AtomicFile.Write(path, array.WriteTo);
    }
}
