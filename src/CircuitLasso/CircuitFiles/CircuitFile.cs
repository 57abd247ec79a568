using CircuitLasso.Numerics;
using Microsoft.Data.Sqlite;

namespace CircuitLasso;

/// <summary>
/// Reads and writes circuit files (<c>.circuit</c>): one SQLite database whose tables are documented in docs/circuit-file.md. The same circuit gives the
/// same bytes. Thread-safe.
/// </summary>
public static class CircuitFile
{
    /// <summary>The largest file that is read: 1 GiB.</summary>
    public const long MaximumBytes = 1L << 30;

    /// <summary>Writes a circuit; an older file of that name is replaced in one step.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="InputException">The file cannot be written, or the disk is full.</exception>
    public static void Write(Circuit circuit, string path)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.WriteAllBytes(path, CircuitFileWriter.Serialize(circuit));
    }

    /// <summary>Reads a circuit. The file may come from anybody: nothing in it is run, and everything in it is checked.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is missing, is no circuit file, is damaged, is newer than this program, or holds no valid circuit.</exception>
    public static Circuit Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes = ReadBytes(path);
        try
        {
            return CircuitFileReader.Deserialize(path, bytes);
        }
        catch (SqliteException exception)
        {
            throw new InputException(path, $"is damaged ({exception.Message.TrimEnd('.')})", CircuitFileReader.Remedy, exception);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!stream.CanSeek || stream.Length > MaximumBytes)
            {
                throw new InputException(path, "is not a file of at most 1 GiB", CircuitFileReader.Remedy);
            }

            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string problem = exception is FileNotFoundException or DirectoryNotFoundException ? "does not exist"
                : Directory.Exists(path) ? "is a folder"
                : $"cannot be read ({exception.Message.TrimEnd('.')})";
            throw new InputException(path, problem, "give a circuit file (.circuit)", exception);
        }
    }
}
