using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>
/// Shows how far long work has come, on standard error: nothing for the first two seconds; then, on a terminal, one line that is drawn anew with a
/// bar, the rate and the remaining time, and elsewhere a plain line every ten seconds. Thread-safe; reports that come faster than it shows
/// cost no more than reading a clock.
/// </summary>
internal sealed class ProgressReport : IProgress<WorkProgress>, IDisposable
{
    private const int BarLength = 24;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private readonly CommandConsole _console;
    private readonly bool _isQuiet;
    private readonly TimeSpan _interval;
    private string? _stage;
    private long _stageStart;
    private long _doneAtStart;
    private long _lastShown;
    private int _lineLength;

    /// <summary>Creates a report that has shown nothing yet.</summary>
    /// <param name="console">Where to show it.</param>
    /// <param name="isQuiet">Whether to show nothing at all.</param>
    internal ProgressReport(CommandConsole console, bool isQuiet)
    {
        _console = console;
        _isQuiet = isQuiet;
        _interval = console.ErrorIsTerminal ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(10);
    }

    /// <inheritdoc/>
    public void Report(WorkProgress value)
    {
        if (_isQuiet)
        {
            return;
        }

        lock (_lock)
        {
            long now = _console.Clock.GetTimestamp();
            if (_stage != value.Stage)
            {
                // What a resumed stage begins with says nothing about the rate.
                (_stage, _stageStart, _doneAtStart) = (value.Stage, now, value.Done);
                _lastShown = now + (long)((_silence - _interval).TotalSeconds * _console.Clock.TimestampFrequency);
                return;
            }

            if (_console.Clock.GetElapsedTime(_lastShown, now) >= _interval)
            {
                _lastShown = now;
                Show(value, _console.Clock.GetElapsedTime(_stageStart, now));
            }
        }
    }

    /// <summary>Clears the line, so that results begin on an empty one.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_lineLength > 0)
            {
                _console.Error.Write("\r" + new string(' ', _lineLength) + "\r");
                _lineLength = 0;
            }

            _stage = null;
        }
    }

    private void Show(WorkProgress progress, TimeSpan elapsed)
    {
        double rate = (progress.Done - _doneAtStart) / elapsed.TotalSeconds;
        bool isBytes = progress.Unit == "bytes";
        string unit = isBytes ? "MB" : progress.Unit;
        string Count(long count) => isBytes ? Text($"{count / 1e6:N1}") : Text($"{count:N0}");
        string counted = progress.Total is { } total ? $"{Count(progress.Done)}/{Count(total)}" : Count(progress.Done);
        string line = $"{counted} {unit}, {Rate(isBytes ? rate / 1e6 : rate)} {unit}/s";
        if (progress.Total is > 0 && rate > 0)
        {
            double share = Math.Clamp((double)progress.Done / progress.Total.Value, 0, 1);
            line = Text($"{Bar(share)}{share * 100:F0}%  {line}, {Remaining((progress.Total.Value - progress.Done) / rate)} left");
        }

        line = $"{progress.Stage}  {line}";
        if (!_console.ErrorIsTerminal)
        {
            _console.Error.WriteLine(line);
            return;
        }

        line = line.Length < _console.Width ? line : line[..(_console.Width - 1)];
        _console.Error.Write("\r" + line.PadRight(_lineLength));
        _lineLength = line.Length;
    }

    private string Bar(double share)
    {
        if (!_console.ErrorIsTerminal)
        {
            return string.Empty;
        }

        int full = (int)(share * BarLength);
        return "[" + new string('=', full) + new string(' ', BarLength - full) + "] ";
    }

    private static string Rate(double rate) => rate switch
    {
        >= 100 => Text($"{rate:N0}"),
        >= 1 => Text($"{rate:F1}"),
        _ => Text($"{rate:G2}"),
    };

    private static string Remaining(double seconds)
    {
        // A year is more than any bar needs, and less than a TimeSpan can hold.
        TimeSpan left = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 365 * 86_400.0));
        return left.TotalHours >= 1 ? Text($"{(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00}") : Text($"{left.Minutes}:{left.Seconds:00}");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
