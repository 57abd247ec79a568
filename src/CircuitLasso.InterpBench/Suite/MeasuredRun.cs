using System.Diagnostics;

namespace CircuitLasso.InterpBench;

/// <summary>What one method found on one case, and what it took.</summary>
/// <param name="Scores">The scores, of whole edges.</param>
/// <param name="InCircuit">The circuit at the method's default rule.</param>
/// <param name="Seconds">Seconds in all, the collection of activations counted.</param>
/// <param name="SecondsByKind">Seconds by kind of work, as the method states them.</param>
/// <param name="PeakBytes">The most memory held above what was held before.</param>
internal sealed record MeasuredRun(
    EdgeScores Scores, IReadOnlyList<bool> InCircuit, double Seconds, IReadOnlyDictionary<string, double> SecondsByKind, long PeakBytes)
{
    internal static MeasuredRun Measure(
        IDiscoveryMethod method, KnownModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<Numerics.WorkProgress>? progress, CancellationToken cancellation)
    {
        using PeakMemory memory = new();
        long start = Stopwatch.GetTimestamp();
        ComponentDiscovery found = method.Discover(model.Model, task, options, progress, cancellation);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new MeasuredRun(new EdgeScores(found.Scores.Graph, found.Scores.Values), found.InCircuit, seconds, found.Seconds, memory.Stop());
    }
}
