using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>
/// Watches how much memory a piece of work takes above what was held before it: the project's native buffers and the managed heap (garbage that is not yet collected
/// counts), read every millisecond by a thread. What the system's libraries take beside that is not seen.
/// </summary>
internal sealed class PeakMemory : IDisposable
{
    private readonly long _before;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stop = new(false);
    private long _peak;

    internal PeakMemory()
    {
        // An earlier method's garbage may hold native blocks, and blocks that it left for reuse would hide what this one takes.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TensorBackend.ReleaseFreeMemory();
        _before = NativeMemoryLedger.CurrentBytes + GC.GetTotalMemory(forceFullCollection: true);
        _peak = _before;
        _thread = new Thread(Watch) { IsBackground = true, Name = "peak memory" };
        _thread.Start();
    }

    /// <summary>Ends watching and returns the largest growth seen.</summary>
    internal long Stop()
    {
        Dispose();
        Read();
        return Math.Max(0, _peak - _before);
    }

    public void Dispose()
    {
        _stop.Set();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }
    }

    private void Watch()
    {
        while (!_stop.Wait(1))
        {
            Read();
        }
    }

    private void Read() => _peak = Math.Max(_peak, NativeMemoryLedger.CurrentBytes + GC.GetTotalMemory(forceFullCollection: false));
}
