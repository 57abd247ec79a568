using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Which parts of an experiment are done, from what, and how long they took: a file beside the results. A part that was made from the same things is not done again.
/// Not thread-safe.
/// </summary>
internal sealed class StageLog
{
    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true };
    private readonly string _path;
    private readonly SortedDictionary<string, Entry> _done = [];
    private readonly List<(string Name, bool Kept)> _run = [];

    /// <summary>Reads a log, where there is one.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It is no such log.</exception>
    public StageLog(string path)
    {
        _path = path;
        if (!File.Exists(path))
        {
            return;
        }

        try
        {
            _done = JsonSerializer.Deserialize<SortedDictionary<string, Entry>>(File.ReadAllBytes(path)) ?? throw new JsonException();
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw Error(exception);
        }

        if (_done.Values.Any(entry => entry?.Key is null || !double.IsFinite(entry.Seconds)))
        {
            throw Error(null);
        }

        InputException Error(Exception? inner) => new(path, "is not the log of an experiment", "delete it, and all parts are done again", inner);
    }

    /// <summary>The parts of this run, put together by what stands before the colon of their names.</summary>
    public IReadOnlyList<ExperimentStage> Stages =>
        [.. _run.GroupBy(part => part.Name.Split(':')[0]).Select(group => new ExperimentStage(group.Key, group.Sum(part => _done[part.Name].Seconds), group.All(part => part.Kept)))];

    /// <summary>A short name for everything that decides a part.</summary>
    public static string Key(params ReadOnlySpan<string> parts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));

    /// <summary>Seconds that a part took.</summary>
    public double Seconds(string name) => _done[name].Seconds;

    /// <summary>Does a part, unless it was done.</summary>
    /// <param name="name">Its name, <c>GROUP: ITEM</c> or <c>GROUP</c>.</param>
    /// <param name="key">What decides it.</param>
    /// <param name="work">Does it, and returns whether there was anything to do.</param>
    /// <param name="isThere">Whether what it made is still there.</param>
    /// <returns>Whether it was done in this run.</returns>
    public bool Run(string name, string key, Func<bool> work, bool isThere)
    {
        bool isKnown = _done.TryGetValue(name, out Entry? known) && known.Key == key;
        if (isThere && isKnown)
        {
            _run.Add((name, true));
            return false;
        }

        Stopwatch clock = Stopwatch.StartNew();
        bool worked = work();
        if (worked || !isKnown)
        {
            _done[name] = new Entry(key, Math.Round(clock.Elapsed.TotalSeconds, 3));
        }

        _run.Add((name, !worked));
        AtomicFile.WriteAllBytes(_path, [.. JsonSerializer.SerializeToUtf8Bytes(_done, _options), (byte)'\n']);
        return worked;
    }

    private sealed record Entry(string Key, double Seconds);
}
