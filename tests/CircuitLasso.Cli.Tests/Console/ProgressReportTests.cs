using CircuitLasso.Numerics;

namespace CircuitLasso.Cli.Tests;

public sealed class ProgressReportTests
{
    [Fact]
    public void Work_of_less_than_two_seconds_shows_nothing()
    {
        Assert.Empty(Show(isTerminal: true, isQuiet: false, seconds: 1.9));
        Assert.Empty(Show(isTerminal: false, isQuiet: false, seconds: 1.9));
    }

    [Fact]
    public void On_a_terminal_there_is_a_bar_with_a_rate_and_the_remaining_time()
    {
        string shown = Show(isTerminal: true, isQuiet: false, seconds: 5);
        string last = shown.Split('\r')[^3].TrimEnd();
        Assert.Equal("collecting  [============            ] 50%  500/1,000 rows, 100 rows/s, 0:05 left", last);
        Assert.DoesNotContain('\n', shown);
        Assert.EndsWith("\r" + new string(' ', last.Length) + "\r", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Elsewhere_there_is_a_plain_line_now_and_then()
    {
        string[] lines = Show(isTerminal: false, isQuiet: false, seconds: 9.95, rate: 100).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("collecting  20%  200/1,000 rows, 100 rows/s, 0:08 left", Assert.Single(lines));
    }

    [Fact]
    public void Quiet_shows_nothing() => Assert.Empty(Show(isTerminal: true, isQuiet: true, seconds: 9));

    [Fact]
    public void What_a_resumed_stage_began_with_does_not_count_as_speed()
    {
        (StringWriter error, ProgressReport report, Clock clock) = Create(isTerminal: false, isQuiet: false);
        report.Report(new WorkProgress("collecting", 900, 1000, "rows"));
        clock.Advance(10);
        report.Report(new WorkProgress("collecting", 950, 1000, "rows"));
        Assert.Equal("collecting  95%  950/1,000 rows, 5.0 rows/s, 0:10 left" + Environment.NewLine, error.ToString());
    }

    [Fact]
    public void Without_a_total_only_what_is_done_is_told()
    {
        (StringWriter error, ProgressReport report, Clock clock) = Create(isTerminal: false, isQuiet: false);
        report.Report(new WorkProgress("reading", 0, null, "lines"));
        clock.Advance(4);
        report.Report(new WorkProgress("reading", 4200, null, "lines"));
        Assert.Equal("reading  4,200 lines, 1,050 lines/s" + Environment.NewLine, error.ToString());
    }

    [Fact]
    public void Bytes_are_told_in_megabytes()
    {
        (StringWriter error, ProgressReport report, Clock clock) = Create(isTerminal: false, isQuiet: false);
        report.Report(new WorkProgress("downloading", 100_000_000, 548_000_000, "bytes"));
        clock.Advance(10);
        report.Report(new WorkProgress("downloading", 348_000_000, 548_000_000, "bytes"));
        Assert.Equal("downloading  64%  348.0/548.0 MB, 24.8 MB/s, 0:08 left" + Environment.NewLine, error.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public void Odd_counts_do_no_harm(long done)
    {
        (StringWriter error, ProgressReport report, Clock clock) = Create(isTerminal: true, isQuiet: false);
        report.Report(new WorkProgress("odd", 0, 1000, "rows"));
        clock.Advance(3);
        report.Report(new WorkProgress("odd", done, 1000, "rows"));
        clock.Advance(3);
        report.Report(new WorkProgress("odd", done, 0, "rows"));
        report.Dispose();
        Assert.Contains("odd", error.ToString(), StringComparison.Ordinal);
    }

    private static string Show(bool isTerminal, bool isQuiet, double seconds, int rate = 100)
    {
        (StringWriter error, ProgressReport report, Clock clock) = Create(isTerminal, isQuiet);
        report.Report(new WorkProgress("collecting", 0, 1000, "rows"));
        for (double time = 0.05; time <= seconds + 1e-9; time += 0.05)
        {
            clock.Advance(0.05);
            report.Report(new WorkProgress("collecting", (long)Math.Round(time * rate), 1000, "rows"));
        }

        report.Dispose();
        return error.ToString();
    }

    private static (StringWriter Error, ProgressReport Report, Clock Clock) Create(bool isTerminal, bool isQuiet)
    {
        StringWriter error = new();
        Clock clock = new();
        return (error, new ProgressReport(new CommandConsole(TextWriter.Null, error) { ErrorIsTerminal = isTerminal, Clock = clock }, isQuiet), clock);
    }

    private sealed class Clock : TimeProvider
    {
        private long _milliseconds = 1_000_000;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _milliseconds;

        internal void Advance(double seconds) => _milliseconds += (long)Math.Round(seconds * 1000);
    }
}
