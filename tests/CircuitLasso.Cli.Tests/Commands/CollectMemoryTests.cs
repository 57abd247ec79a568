using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class CollectMemoryTests : IDisposable
{
    private const long MostKibibytes = 1 << 20;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // A process of its own, because the memory of this one is that of all tests.
    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Collecting_every_position_of_1000_stories_stays_under_1_GiB()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the most memory that a process held is read from /proc");
        string[] arguments =
        [
            typeof(ToolCommand).Assembly.Location, "collect", "--model", SharedData.Require("stories260k"), "--text", SharedData.Require("text", "tinystories_1000.json"),
            "--pool", "none", "--out", _folder.PathOf("store"),
        ];
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        long most = 0;
        try
        {
            while (!process.HasExited)
            {
                most = Math.Max(most, MostResident(process.Id));
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            process.Kill();
        }

        Assert.True(process.ExitCode == 0, await output + await error);
        Assert.True(Directory.Exists(_folder.PathOf("store")));
        TestContext.Current.TestOutputHelper?.WriteLine($"{most >> 10} MiB");
        Assert.InRange(most, 1, MostKibibytes - 1);
    }

    // In KiB: "VmHWM:     123456 kB" is the most that was ever resident. A process that has just ended says nothing.
    private static long MostResident(int id)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
