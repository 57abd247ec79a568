using System.Text;

namespace CircuitLasso.Numerics;

/// <summary>
/// Writes a file that is either whole or not there: the bytes go to a temporary file in the same folder, which is flushed to the disk and then
/// renamed. Until <see cref="Commit"/> has returned, the file of that name is the one that was there before, or none.
/// </summary>
/// <remarks>
/// A process that is killed leaves at most a file named <c>.NAME.RANDOM.tmp</c>, which nothing reads. A symbolic link at the path is replaced by
/// the file, not followed. Not thread-safe; two writers of one path each write a whole file and the later rename stays.
/// </remarks>
public sealed class AtomicFile : IDisposable
{
    private readonly string _temporaryPath;
    private readonly AtomicFileStream _stream;
    private bool _isFinished;

    /// <summary>Creates the temporary file.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <exception cref="InputException">The folder is missing or may not be written to, or the path is a folder or a device.</exception>
    public AtomicFile(string path)
        : this(path, static temporaryPath => new FileStream(temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16))
    {
    }

    internal AtomicFile(string path, Func<string, FileStream> create)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        string fullPath = System.IO.Path.GetFullPath(path);
        string name = System.IO.Path.GetFileName(fullPath);
        if (name.Length == 0 || Directory.Exists(fullPath))
        {
            throw new InputException(path, "is a folder", "name a file inside it");
        }

        string folder = System.IO.Path.GetDirectoryName(fullPath)!;
        if (folder is "/dev")
        {
            // A rename would put a regular file in the place of /dev/null.
            throw new InputException(path, "is a device", "name a file, which is written whole and renamed into place");
        }

        _temporaryPath = System.IO.Path.Combine(folder, $".{name}.{System.IO.Path.GetRandomFileName()}.tmp");
        try
        {
            _stream = new AtomicFileStream(path, create(_temporaryPath));
        }
        catch (Exception exception) when (WriteFailure.IsOne(exception))
        {
            throw WriteFailure.Describe(path, exception);
        }
    }

    /// <summary>The file to write, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>
    /// Takes the bytes. It can seek and write, and belongs to this object: disposing of it does nothing. A full disk or any other failure to
    /// write is thrown as an <see cref="InputException"/> that names the file.
    /// </summary>
    public Stream Stream => _stream;

    /// <summary>Writes a file through <paramref name="write"/>; when it throws, the old file stays and the exception passes on.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="InputException">The disk is full, or the file cannot be written for another reason.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using AtomicFile file = new(path);
        write(file.Stream);
        file.Commit();
    }

    /// <summary>Writes a file of the given bytes.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="bytes">The content.</param>
    /// <exception cref="InputException">The disk is full, or the file cannot be written for another reason.</exception>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> bytes)
    {
        using AtomicFile file = new(path);
        file.Stream.Write(bytes);
        file.Commit();
    }

    /// <summary>Writes a text file in UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="text">The content, line ends included.</param>
    /// <exception cref="InputException">The disk is full, or the file cannot be written for another reason.</exception>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Flushes the bytes to the disk and gives the file its name, replacing an older one in one step.</summary>
    /// <exception cref="InputException">The disk is full, or the file cannot be written for another reason; the old file stays.</exception>
    /// <exception cref="InvalidOperationException">The file was committed or discarded before.</exception>
    public void Commit()
    {
        if (_isFinished)
        {
            throw new InvalidOperationException($"{Path} was already committed or discarded.");
        }

        try
        {
            _stream.FlushToDiskAndClose();
            File.Move(_temporaryPath, Path, overwrite: true);
            _isFinished = true;
        }
        catch (Exception exception) when (WriteFailure.IsOne(exception))
        {
            throw WriteFailure.Describe(Path, exception);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Discards what was not committed. Calling it again does nothing.</summary>
    public void Dispose()
    {
        if (!_isFinished)
        {
            _isFinished = true;
            _stream.Discard();
            try
            {
                File.Delete(_temporaryPath);
            }
            catch (Exception exception) when (WriteFailure.IsOne(exception))
            {
                // The failure that led here, if any, is already on its way; a left-over temporary file is never read.
            }
        }
    }
}
