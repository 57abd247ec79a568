using System.Runtime.Intrinsics.X86;

namespace CircuitLasso.Numerics;

/// <summary>Asks the processor to fetch memory that is about to be read. Changes nothing but time; does nothing where the processor has no such instruction. Thread-safe.</summary>
public static class Prefetch
{
    private const int LineBytes = 64;

    // Of more the processor fetches the rest by itself, once it sees that one line follows another.
    private const int MostLines = 32;

    /// <summary>Fetches the first two kilobytes of a span into the second-level cache.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="span">The elements.</param>
    public static unsafe void Read<T>(ReadOnlySpan<T> span)
        where T : unmanaged
    {
        if (Sse.IsSupported)
        {
            fixed (T* start = span)
            {
                int lines = (int)Math.Min(MostLines, ((long)span.Length * sizeof(T)) / LineBytes);
                for (int i = 0; i < lines; i++)
                {
                    Sse.Prefetch1((byte*)start + (i * LineBytes));
                }
            }
        }
    }
}
