using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>
/// Runs that are kept in a folder, one file each, so that an interrupted suite goes on where it stopped. A run counts again only for the same model, seed, samples and options.
/// </summary>
/// <param name="folder">The folder; null keeps nothing.</param>
/// <param name="options">What the suite runs.</param>
internal sealed class KeptRuns(string? folder, SuiteOptions options)
{
    private const int MaximumBytes = 16 << 20;

    internal MeasuredRun? Find(KnownModel model, string method, ulong seed)
    {
        string? path = PathOf(model, method, seed);
        if (path is null || !File.Exists(path))
        {
            return null;
        }

        Exception? cause = null;
        try
        {
            if (new FileInfo(path).Length <= MaximumBytes
                && JsonSerializer.Deserialize<KeptRun>(File.ReadAllBytes(path), SuiteJson.Options) is { Key: not null, Scores: not null, Circuit: not null, SecondsByKind: not null } kept)
            {
                int edges = (int)model.Program.Graph.EdgeCount;
                if (kept.Key != Key(model, method, seed))
                {
                    return null;
                }

                if (kept.Scores.Length == edges && Array.TrueForAll(kept.Scores, double.IsFinite) && Array.TrueForAll(kept.Circuit, edge => (uint)edge < (uint)edges))
                {
                    bool[] inCircuit = new bool[edges];
                    Array.ForEach(kept.Circuit, edge => inCircuit[edge] = true);
                    return new MeasuredRun(new EdgeScores(model.Program.Graph, kept.Scores), inCircuit, kept.Seconds, kept.SecondsByKind, kept.PeakBytes);
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            cause = exception;
        }

        throw new InputException(path, "is no run that the suite kept", "delete it", cause);
    }

    internal void Keep(KnownModel model, string method, ulong seed, MeasuredRun run)
    {
        if (PathOf(model, method, seed) is { } path)
        {
            Directory.CreateDirectory(folder!);
            KeptRun kept = new()
            {
                Key = Key(model, method, seed),
                Scores = run.Scores.Values.ToArray(),
                Circuit = [.. Enumerable.Range(0, run.InCircuit.Count).Where(edge => run.InCircuit[edge])],
                Seconds = run.Seconds,
                SecondsByKind = run.SecondsByKind,
                PeakBytes = run.PeakBytes,
            };
            AtomicFile.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(kept, SuiteJson.Options));
        }
    }

    private string? PathOf(KnownModel model, string method, ulong seed) => folder is null ? null : Path.Combine(folder, FormattableString.Invariant($"{model.Name}.{method}.{seed}.json"));

    private string Key(KnownModel model, string method, ulong seed) =>
        FormattableString.Invariant($"{model.Fingerprint} {model.Program.Id} {method} seed {seed}, {options.Samples} samples, {options.Discovery}");

#pragma warning disable CA1812 // Made by the JSON reader.
    private sealed class KeptRun
#pragma warning restore CA1812
    {
        public string? Key { get; init; }

        public double[]? Scores { get; init; }

        public int[]? Circuit { get; init; }

        public double Seconds { get; init; }

        public IReadOnlyDictionary<string, double>? SecondsByKind { get; init; }

        public long PeakBytes { get; init; }
    }
}
