using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A list outside the managed heap whose front can be dropped: what a shard is gathered in.</summary>
internal sealed class NativeList<T>(nint capacity) : IDisposable
    where T : unmanaged
{
    // One span at most, when elements are moved or written.
    private const int Step = 1 << 24;

    private NativeBuffer<T> _buffer = new(capacity, zeroed: false);

    public nint Count { get; private set; }

    public T this[nint index]
    {
        get => _buffer.Slice(index, 1)[0];
        set => _buffer.Slice(index, 1)[0] = value;
    }

    public void Add(ReadOnlySpan<T> elements)
    {
        if (elements.Length > _buffer.Length - Count)
        {
            // An eighth more than asked for: the memory stays close to what is in use, and growing stays rare.
            nint needed = checked(Count + elements.Length);
            NativeBuffer<T> larger = new(checked(needed + (needed / 8) + 16), zeroed: false);
            Copy(_buffer, 0, larger, 0, Count);
            _buffer.Dispose();
            _buffer = larger;
        }

        elements.CopyTo(_buffer.Slice(Count, elements.Length));
        Count += elements.Length;
    }

    /// <summary>The elements from <paramref name="start"/> on, as many as fit a span, at most <paramref name="length"/>.</summary>
    public Span<T> Window(nint start, nint length) => _buffer.Slice(start, (int)nint.Min(length, Step));

    public void RemoveFirst(nint count)
    {
        Copy(_buffer, count, _buffer, 0, Count - count);
        Count -= count;
    }

    public void Dispose() => _buffer.Dispose();

    // Front to back: elements of one buffer move towards its start.
    private static void Copy(NativeBuffer<T> source, nint sourceStart, NativeBuffer<T> target, nint targetStart, nint count)
    {
        for (nint done = 0; done < count; done += Step)
        {
            int length = (int)nint.Min(Step, count - done);
            source.Slice(sourceStart + done, length).CopyTo(target.Slice(targetStart + done, length));
        }
    }
}
