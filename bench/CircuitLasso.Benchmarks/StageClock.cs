using System.Diagnostics;

namespace CircuitLasso.Benchmarks;

/// <summary>Seconds of a stage, and of all its threads on a processor, which neighbours on the machine disturb less.</summary>
internal readonly record struct Stage(double Seconds, double? ProcessorSeconds);

/// <summary>Times one stage after another.</summary>
internal sealed class StageClock
{
    private long _start = Stopwatch.GetTimestamp();
    private TimeSpan _processor = Processor();

    /// <summary>The stage since the last call.</summary>
    public Stage Lap()
    {
        TimeSpan processor = Processor();
        Stage stage = new(Stopwatch.GetElapsedTime(_start).TotalSeconds, (processor - _processor).TotalSeconds);
        _processor = processor;
        _start = Stopwatch.GetTimestamp();
        return stage;
    }

    private static TimeSpan Processor()
    {
        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
