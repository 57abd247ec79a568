using System.Diagnostics.CodeAnalysis;

namespace CircuitLasso.Numerics;

/// <summary>Working memory of the calling thread, kept from product to product; the finaliser frees it after the thread has ended.</summary>
internal static unsafe class PackBuffer
{
    [ThreadStatic]
    private static NativeBuffer<byte>? _buffer;

    /// <summary>At least so many elements, aligned to 64 bytes, with any content; the next call on this thread hands out the same memory.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The buffer belongs to the thread.")]
    public static T* Get<T>(nint length)
        where T : unmanaged
    {
        nint bytes = length * sizeof(T);
        NativeBuffer<byte>? buffer = _buffer;
        if (buffer is null || buffer.Length < bytes)
        {
            buffer?.Dispose();
            _buffer = buffer = new NativeBuffer<byte>(Math.Max(bytes, 64 << 10), zeroed: false);
        }

        return (T*)buffer.Pointer;
    }
}
