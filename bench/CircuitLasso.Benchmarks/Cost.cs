using System.Diagnostics;

namespace CircuitLasso.Benchmarks;

/// <summary>What something cost.</summary>
/// <param name="Seconds">Seconds.</param>
/// <param name="ProcessorSeconds">Seconds of all cores together.</param>
internal sealed record Cost(double Seconds, double ProcessorSeconds)
{
    /// <summary>Runs something.</summary>
    public static Cost Of(Action action)
    {
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        action();
        return new Cost(Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }

    /// <summary>The smaller seconds, and the smaller seconds of processors.</summary>
    public Cost Best(Cost other) => new(Math.Min(Seconds, other.Seconds), Math.Min(ProcessorSeconds, other.ProcessorSeconds));

    /// <summary>The cost of both.</summary>
    public Cost With(Cost other) => new(Seconds + other.Seconds, ProcessorSeconds + other.ProcessorSeconds);
}
