namespace CircuitLasso.Numerics;

/// <summary>Counts the bytes that <see cref="NativeBuffer{T}"/> holds, so that memory can be told and tested. Thread-safe.</summary>
public static class NativeMemoryLedger
{
    private static long _current;
    private static long _peak;

    /// <summary>Bytes held now.</summary>
    public static long CurrentBytes => Interlocked.Read(ref _current);

    /// <summary>The largest number of bytes held at once since the process started, or since <see cref="ResetPeak"/>.</summary>
    public static long PeakBytes => Interlocked.Read(ref _peak);

    /// <summary>Starts the peak anew at what is held now, so that the peak of one piece of work can be told.</summary>
    public static void ResetPeak() => Interlocked.Exchange(ref _peak, CurrentBytes);

    internal static void Added(long bytes)
    {
        long now = Interlocked.Add(ref _current, bytes);
        long peak = Interlocked.Read(ref _peak);
        while (now > peak)
        {
            long seen = Interlocked.CompareExchange(ref _peak, now, peak);
            if (seen == peak)
            {
                break;
            }

            peak = seen;
        }
    }

    internal static void Removed(long bytes) => Interlocked.Add(ref _current, -bytes);
}
