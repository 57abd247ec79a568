using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Keeps a second writer out of a store. The system lets go of the lock when the process ends, however it ends, so a lock file that a dead process
/// left behind locks nothing.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    // EAGAIN of Linux, EWOULDBLOCK of macOS, ERROR_SHARING_VIOLATION of Windows: another process holds the file.
    private static readonly int[] _isHeld = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;

    public StoreLock(string folder)
    {
        try
        {
            _file = new FileStream(Path.Combine(folder, StoreNames.Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw _isHeld.Contains(exception.HResult)
                ? new InputException(folder, "another process is writing this store", "wait until it has finished, or stop it", exception)
                : new InputException(folder, "cannot be written: " + exception.Message, "choose a folder that may be written", exception);
        }
    }

    /// <summary>Lets go of the lock and deletes its file: who opens a complete store from now on finds nothing to write.</summary>
    public void Delete()
    {
        _file.Dispose();
        try
        {
            File.Delete(_file.Name);
        }
        catch (IOException)
        {
            // Another process has just opened the complete store, and deletes the file in turn.
        }
    }

    public void Dispose() => _file.Dispose();
}
