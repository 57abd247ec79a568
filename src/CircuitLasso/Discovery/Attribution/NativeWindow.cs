using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A part of a block of memory from one element on, for tasks that cannot carry a span.</summary>
internal readonly record struct NativeWindow(NativeBuffer<float> Buffer, nint Start)
{
    public Span<float> Slice(nint start, int length) => Buffer.Slice(Start + start, length);
}
