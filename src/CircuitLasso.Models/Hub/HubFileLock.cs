using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// A lock between processes on one file of the cache. It is an exclusively opened file, which on Unix is the same lock (flock) that Python's huggingface_hub takes, and on Windows
/// keeps its file from being opened. It keeps two programs from loading the same file twice; that the cache is right does not depend on it, because content is checked before it counts.
/// </summary>
internal sealed class HubFileLock : IDisposable
{
    private static readonly TimeSpan _poll = TimeSpan.FromMilliseconds(100);

    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION; EWOULDBLOCK on Linux and on macOS.
    private static readonly int[] _held = [unchecked((int)0x80070020), unchecked((int)0x80070021), 11, 35];

    private readonly FileStream _stream;

    private HubFileLock(FileStream stream) => _stream = stream;

    /// <summary>Waits until the lock is free, and takes it.</summary>
    /// <param name="path">The lock's file, which stays when the lock is given back.</param>
    /// <param name="waits">Called once where another process holds it.</param>
    /// <param name="cancellation">Interrupts.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static async Task<HubFileLock> AcquireAsync(string path, Action waits, CancellationToken cancellation)
    {
        HubCache.Write(path, () => Directory.CreateDirectory(Path.GetDirectoryName(path)!));
        bool isWaiting = false;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new HubFileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1));
            }
            catch (IOException exception) when (_held.Contains(exception.HResult))
            {
                if (!isWaiting)
                {
                    isWaiting = true;
                    waits();
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw HubCache.Unwritable(path, exception);
            }

            await Task.Delay(_poll, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
