using System.IO.MemoryMappedFiles;

namespace CircuitLasso.Numerics;

/// <summary>
/// A whole file as read-only memory, of any length: pages are read from the disk when they are first touched and dropped when memory is short.
/// </summary>
/// <remarks>
/// Reading from several threads is safe; <see cref="Dispose"/> must not race with use, and no span may be used after it.
/// A page that another program has cut off the file ends this process when it is read: nothing can catch that. <see cref="RequireUnchanged"/>, called
/// before a long read, turns it into an error in all but the moment between the two.
/// </remarks>
public sealed unsafe class MemoryMappedBytes : IDisposable
{
    private readonly FileStream _stream;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _pointer;
    private bool _isDisposed;

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is missing, is a folder or may not be read.</exception>
    public MemoryMappedBytes(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        _stream = InputFile.OpenRead(path);
        try
        {
            Length = checked((nint)_stream.Length);
            if (Length > 0)
            {
                // An empty file cannot be mapped, and needs no mapping.
                _file = MemoryMappedFile.CreateFromFile(_stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
                _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
                _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
                _pointer += _view.PointerOffset;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Dispose();
            throw new InputException(path, $"cannot be mapped into memory ({exception.Message})", "copy it to a local disk", exception);
        }
    }

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Number of bytes.</summary>
    public nint Length { get; }

    /// <summary>The first byte, for kernels; null for an empty file. Valid until the file is unmapped.</summary>
    /// <exception cref="ObjectDisposedException">The file has been unmapped.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _pointer;
        }
    }

    /// <summary>Makes sure that the file is still as long as it was when it was mapped. Costs about a microsecond.</summary>
    /// <exception cref="InputException">Another program has changed the file's length.</exception>
    /// <exception cref="ObjectDisposedException">The file has been unmapped.</exception>
    public void RequireUnchanged()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        long now = RandomAccess.GetLength(_stream.SafeFileHandle);
        if (now != Length)
        {
            throw new InputException(Path, $"has {now} bytes and had {Length} when it was opened", "leave the file alone while it is read, restore it and start again");
        }
    }

    /// <summary>A window of the file.</summary>
    /// <param name="offset">The first byte, counted from the start of the file.</param>
    /// <param name="length">Number of bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the file.</exception>
    /// <exception cref="ObjectDisposedException">The file has been unmapped.</exception>
    public ReadOnlySpan<byte> Slice(nint offset, int length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(_pointer + offset, length);
    }

    /// <summary>Unmaps the file. Calling it again does nothing.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_pointer is not null)
        {
            _pointer = null;
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view?.Dispose();
        _file?.Dispose();
        _stream.Dispose();
    }
}
