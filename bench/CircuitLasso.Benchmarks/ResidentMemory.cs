using System.Globalization;

namespace CircuitLasso.Benchmarks;

/// <summary>The most memory of this process that is resident, read every few milliseconds, apart for what belongs to files and what does not. Zeros where the system does not say.</summary>
internal sealed class ResidentMemory : IDisposable
{
    private const string Status = "/proc/self/status";
    private readonly Timer _timer;

    public ResidentMemory() => _timer = new Timer(_ => Read(), null, 0, 5);

    public long AnonymousBytes { get; private set; }

    public long FileBytes { get; private set; }

    public void Dispose() => _timer.Dispose();

    private void Read()
    {
        if (File.Exists(Status))
        {
            foreach (string line in File.ReadLines(Status))
            {
                AnonymousBytes = Math.Max(AnonymousBytes, Value(line, "RssAnon:"));
                FileBytes = Math.Max(FileBytes, Value(line, "RssFile:"));
            }
        }
    }

    private static long Value(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal) ? 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) : 0;
}
