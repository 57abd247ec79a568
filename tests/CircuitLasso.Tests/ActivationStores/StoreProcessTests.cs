using System.Diagnostics;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>What only a process of its own can show: being killed, and a disk that is really full. Each test runs its first half again in a child.</summary>
public sealed class StoreProcessTests : IDisposable
{
    private const string FolderVariable = "CIRCUITLASSO_TEST_STORE_FOLDER";
    private static readonly string? _childFolder = Environment.GetEnvironmentVariable(FolderVariable);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_killed_process_leaves_a_store_that_is_resumed_and_a_lock_that_locks_nothing()
    {
        SampleStore sample = new(Pooling.Last);
        if (_childFolder is { } folder)
        {
            int shards = 0;
            sample.Write(folder, textsPerBatch: 6, name =>
            {
                if (name.StartsWith("write shard", StringComparison.Ordinal) && ++shards == 3)
                {
                    Process.GetCurrentProcess().Kill();
                    Thread.Sleep(Timeout.Infinite);
                }
            });
        }

        string whole = _folder.PathOf("whole");
        string killed = _folder.PathOf("killed");
        sample.Write(whole, textsPerBatch: 6);
        Directory.CreateDirectory(killed);

        Assert.NotEqual(0, RunChild(nameof(A_killed_process_leaves_a_store_that_is_resumed_and_a_lock_that_locks_nothing), killed, [], out _));
        Assert.True(File.Exists(Path.Combine(killed, ".lock")));
        Assert.Equal(2, ActivationStoreManifest.Read(killed).Shards.Count);
        sample.Write(killed, textsPerBatch: 6);
        Assert.Equal(SampleStore.Files(whole), SampleStore.Files(killed));
    }

    [Fact]
    public void A_full_disk_is_told_of_and_leaves_a_store_that_is_resumed()
    {
        SampleStore sample = new(Pooling.None);
        if (_childFolder is { } disk)
        {
            string whole = _folder.PathOf("whole");
            sample.Write(whole, textsPerBatch: 6);
            string store = Path.Combine(disk, "store");
            InputException exception = Assert.Throws<InputException>(() => sample.Write(store, textsPerBatch: 6));
            Assert.Contains("the disk is full", exception.Problem, StringComparison.Ordinal);
            Assert.NotEmpty(ActivationStoreManifest.Read(store).Shards);
            Assert.Contains("is not complete", Assert.Throws<InputException>(() => ActivationStoreReader.Open(store)).Problem, StringComparison.Ordinal);

            Process.Start("mount", ["-o", "remount,size=16m", disk]).WaitForExit();
            sample.Write(store, textsPerBatch: 6);
            Assert.Equal(SampleStore.Files(whole), SampleStore.Files(store));
            return;
        }

        // A file system of 64 KiB, in a name space of the child's own.
        string mounted = Directory.CreateDirectory(_folder.PathOf("disk")).FullName;
        string[] launcher = ["unshare", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\"", mounted];
        Assert.SkipUnless(OperatingSystem.IsLinux() && Succeeds([.. launcher, "true"]), "this system lets no ordinary user mount a small file system");
        int exitCode = RunChild(nameof(A_full_disk_is_told_of_and_leaves_a_store_that_is_resumed), mounted, launcher, out string output);
        Assert.True(exitCode == 0, output);
        Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
    }

    private static bool Succeeds(string[] command)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private int RunChild(string test, string folder, string[] launcher, out string output)
    {
        string[] command =
        [
            .. launcher, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", typeof(StoreProcessTests).Assembly.Location,
            "-method", $"{typeof(StoreProcessTests).FullName}.{test}", "-noColor", "-noLogo", "-noAutoReporters",
        ];
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[FolderVariable] = folder;

        // A killed child does not clear up: its temporary folder lies in this test's.
        start.Environment["TMPDIR"] = _folder.Root;
        using Process child = Process.Start(start)!;
        Task<string> error = child.StandardError.ReadToEndAsync();
        output = child.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
        child.WaitForExit();
        return child.ExitCode;
    }
}
