namespace CircuitLasso.Numerics;

/// <summary>
/// Writes a folder that is either whole or not there: its files go to a temporary folder beside it, which is renamed. Until <see cref="Commit"/> has returned there is no folder
/// of that name, or the empty one that was there before.
/// </summary>
/// <remarks>A process that is killed leaves at most a folder named <c>.NAME.RANDOM.tmp</c>, which nothing reads. Not thread-safe.</remarks>
public sealed class AtomicFolder : IDisposable
{
    private readonly string _path;
    private bool _isFinished;

    /// <summary>Creates the temporary folder.</summary>
    /// <param name="path">The folder to write: not there yet, or empty. The folder that it lies in must exist.</param>
    /// <exception cref="InputException">The folder has something in it, is a file, or cannot be made.</exception>
    public AtomicFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (File.Exists(_path) || (Directory.Exists(_path) && Directory.EnumerateFileSystemEntries(_path).Any()))
        {
            throw new InputException(path, "is there already", "name a new folder, or an empty one");
        }

        Path = path;
        TemporaryPath = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(_path)!, $".{System.IO.Path.GetFileName(_path)}.{System.IO.Path.GetRandomFileName()}.tmp");
        try
        {
            if (!Directory.Exists(System.IO.Path.GetDirectoryName(_path)))
            {
                throw new DirectoryNotFoundException();
            }

            Directory.CreateDirectory(TemporaryPath);
        }
        catch (Exception exception) when (WriteFailure.IsOne(exception))
        {
            throw WriteFailure.Describe(path, exception);
        }
    }

    /// <summary>The folder to write, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Where the files go until <see cref="Commit"/>.</summary>
    public string TemporaryPath { get; }

    /// <summary>Gives the folder its name.</summary>
    /// <exception cref="InputException">Another program has put something there meanwhile, or the folder cannot be renamed.</exception>
    /// <exception cref="InvalidOperationException">The folder was committed or discarded before.</exception>
    public void Commit()
    {
        if (_isFinished)
        {
            throw new InvalidOperationException($"{Path} was already committed or discarded.");
        }

        try
        {
            if (Directory.Exists(_path))
            {
                // Fails where it is no longer empty.
                Directory.Delete(_path);
            }

            Directory.Move(TemporaryPath, _path);
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
            try
            {
                Directory.Delete(TemporaryPath, recursive: true);
            }
            catch (Exception exception) when (WriteFailure.IsOne(exception))
            {
                // The failure that led here, if any, is already on its way; a left-over temporary folder is never read.
            }
        }
    }
}
