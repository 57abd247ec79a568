using System.Text;
using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class AtomicFileTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(1_000_003)]
    public void What_is_written_is_what_is_read(int length)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        AtomicFile.WriteAllBytes(folder.PathOf("data.bin"), bytes);

        Assert.Equal(bytes, File.ReadAllBytes(folder.PathOf("data.bin")));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void Text_is_utf8_without_a_byte_order_mark()
    {
        using TemporaryFolder folder = new();
        AtomicFile.WriteAllText(folder.PathOf("a.txt"), "é\n");
        Assert.Equal([0xC3, 0xA9, (byte)'\n'], File.ReadAllBytes(folder.PathOf("a.txt")));
    }

    [Fact]
    public void The_old_file_stays_until_the_new_one_is_committed()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.txt");
        File.WriteAllText(path, "old");
        using (AtomicFile file = new(path))
        {
            file.Stream.Write("new"u8);
            file.Stream.Flush();
            Assert.Equal("old", File.ReadAllText(path));
            file.Commit();
        }

        Assert.Equal("new", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void A_file_that_is_not_committed_leaves_the_old_one_and_nothing_else()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.txt");
        File.WriteAllText(path, "old");
        using (AtomicFile file = new(path))
        {
            file.Stream.Write("new"u8);
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void An_exception_of_the_caller_passes_on_and_leaves_the_old_file()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.txt");
        File.WriteAllText(path, "old");

        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write(new byte[200_000]);
            throw new OperationCanceledException();
        }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void The_stream_can_seek_back_to_fill_in_a_header()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.txt");
        AtomicFile.Write(path, stream =>
        {
            stream.Write("....body"u8);
            stream.Position = 0;
            stream.Write("head"u8);
            stream.SetLength(7);
        });
        Assert.Equal("headbod", File.ReadAllText(path));
    }

    [Theory]
    [InlineData(10)] // stays in the buffer until it is flushed
    [InlineData(1_000_000)]
    public void A_full_disk_is_one_clear_line_and_leaves_the_old_file(int length)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full here");
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.bin");
        File.WriteAllText(path, "old");

        InputException exception = Assert.Throws<InputException>(() =>
        {
            using AtomicFile file = new(path, temporaryPath =>
            {
                File.WriteAllBytes(temporaryPath, []);
                return new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
            });
            file.Stream.Write(new byte[length]);
            file.Commit();
        });

        Assert.Equal(path, exception.Subject);
        Assert.Contains("disk is full", exception.Problem, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void A_full_disk_is_told_when_seeking_flushing_and_setting_the_length_too()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full here");
        foreach (Action<Stream> action in new Action<Stream>[] { s => s.Flush(), s => s.Position = 1, s => s.SetLength(0) })
        {
            using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
            AtomicFileStream stream = new("a.bin", full);
            stream.WriteByte(1);
            Assert.Throws<InputException>(() => action(stream));
            stream.Discard();
        }
    }

    [Fact]
    public void A_missing_folder_is_bad_input()
    {
        using TemporaryFolder folder = new();
        InputException exception = Assert.Throws<InputException>(() => AtomicFile.WriteAllText(folder.PathOf("missing", "a.txt"), "x"));
        Assert.Contains("folder does not exist", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_or_a_device_is_not_a_file_to_write()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<InputException>(() => AtomicFile.WriteAllText(folder.Root, "x"));
        Assert.Throws<InputException>(() => AtomicFile.WriteAllText(folder.Root + Path.DirectorySeparatorChar, "x"));
        Assert.Throws<InputException>(() => AtomicFile.WriteAllText("/dev/null", "x"));
    }

    [Fact]
    public void A_folder_that_may_not_be_written_to_is_bad_input()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "the system does not refuse this user anything");
        using TemporaryFolder folder = new();
        string locked = folder.PathOf("locked");
        Directory.CreateDirectory(locked);
#pragma warning disable CA1416 // skipped on Windows above
        File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        InputException exception = Assert.Throws<InputException>(() => AtomicFile.WriteAllText(Path.Combine(locked, "a.txt"), "x"));
        File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
        Assert.Contains("may not be written", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_committed_once()
    {
        using TemporaryFolder folder = new();
        using AtomicFile file = new(folder.PathOf("a.txt"));
        file.Commit();
        Assert.Throws<InvalidOperationException>(file.Commit);
        file.Dispose();
        Assert.True(File.Exists(folder.PathOf("a.txt")));
    }

    [Fact]
    public void Other_failures_carry_the_cause()
    {
        using TemporaryFolder folder = new();
        string tooLong = folder.PathOf(new string('x', 300));
        InputException exception = Assert.Throws<InputException>(() => AtomicFile.WriteAllBytes(tooLong, Encoding.ASCII.GetBytes("x")));
        Assert.NotNull(exception.InnerException);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }
}
