
namespace CircuitLasso.Numerics;

/// <summary>
/// Owns one block of memory outside the managed heap, aligned to 64 bytes and zeroed. It may hold more than 2^31 elements.
/// </summary>
/// <remarks>
/// Reads and writes through spans from several threads are as safe as the caller makes them; <see cref="Dispose"/> must not race with use.
/// The finaliser frees what was not disposed of.
/// </remarks>
/// <typeparam name="T">An unmanaged element type.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Alignment = 64;
    private T* _pointer;

    /// <summary>Allocates a zeroed block.</summary>
    /// <param name="length">Number of elements, at least zero.</param>
    /// <param name="zeroed">Whether the block is cleared; leave it so unless every element is about to be written.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or its size in bytes does not fit an address.</exception>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public NativeBuffer(nint length, bool zeroed = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, nint.MaxValue / sizeof(T));
        Length = length;
        nuint bytes = (nuint)length * (nuint)sizeof(T);
        _pointer = (T*)System.Runtime.InteropServices.NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), Alignment);
        NativeMemoryLedger.Added((long)bytes);
        if (zeroed)
        {
            System.Runtime.InteropServices.NativeMemory.Clear(_pointer, bytes);
        }
    }

    /// <summary>Frees the block if it was never disposed of.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Number of elements.</summary>
    public nint Length { get; }

    /// <summary>Whether the block has been freed.</summary>
    public bool IsDisposed => _pointer is null;

    /// <summary>The first element, for kernels.</summary>
    /// <exception cref="ObjectDisposedException">The block has been freed.</exception>
    public T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>All elements.</summary>
    /// <exception cref="OverflowException">There are more than 2^31 - 1 of them; take slices.</exception>
    public Span<T> Span => Slice(0, checked((int)Length));

    /// <summary>A window of the elements.</summary>
    /// <param name="start">Index of the first element.</param>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the block.</exception>
    /// <exception cref="ObjectDisposedException">The block has been freed.</exception>
    public Span<T> Slice(nint start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - length, nameof(start));
        return new Span<T>(Pointer + start, length);
    }

    /// <summary>Frees the block. Calling it again does nothing.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer is not null)
        {
            System.Runtime.InteropServices.NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            NativeMemoryLedger.Removed((long)Length * sizeof(T));
        }
    }
}
