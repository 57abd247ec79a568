using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class MemoryMappedBytesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(100_003)]
    public void Windows_show_the_bytes_of_the_file(int length)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(folder.PathOf("a.bin"), bytes);

        using MemoryMappedBytes mapped = new(folder.PathOf("a.bin"));

        Assert.Equal(length, mapped.Length);
        Assert.Equal(bytes, mapped.Slice(0, length).ToArray());
        Assert.Equal(bytes[(length / 2)..], mapped.Slice(length / 2, length - (length / 2)).ToArray());
        Assert.True(mapped.Slice(length, 0).IsEmpty);
    }

    [Fact]
    public void An_empty_file_has_an_empty_window()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.bin"), []);
        using MemoryMappedBytes mapped = new(folder.PathOf("a.bin"));
        Assert.Equal(0, mapped.Length);
        Assert.True(mapped.Slice(0, 0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => mapped.Slice(0, 1).Length);
    }

    [Fact]
    public void A_file_of_more_than_two_gibibytes_is_read_at_its_end()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files are not sparse here");
        long length = (2L << 30) + 4099;
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.bin");
        using (FileStream stream = new(path, FileMode.CreateNew))
        {
            // Sparse: only the last block takes room on the disk.
            stream.Seek(length - 3, SeekOrigin.Begin);
            stream.Write([1, 2, 3]);
        }

        using MemoryMappedBytes mapped = new(path);
        Assert.Equal(length, mapped.Length);
        Assert.Equal([0, 1, 2, 3], mapped.Slice((nint)(length - 4), 4).ToArray());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_file_whose_length_changes_is_noticed(int change)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "mapped files cannot change here");
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.bin");
        File.WriteAllBytes(path, new byte[10_000]);
        using MemoryMappedBytes mapped = new(path);
        mapped.RequireUnchanged();
        using (FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.SetLength(10_000 + change);
        }

        InputException exception = Assert.Throws<InputException>(mapped.RequireUnchanged);
        Assert.Contains($"a.bin: has {10_000 + change} bytes and had 10000 when it was opened; ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_window_outside_the_file_is_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.bin"), new byte[10]);
        using MemoryMappedBytes mapped = new(folder.PathOf("a.bin"));
        foreach ((nint offset, int length) in new (nint, int)[] { (-1, 1), (0, -1), (0, 11), (10, 1), (11, 0), (nint.MaxValue, 1), (1, int.MaxValue) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => mapped.Slice(offset, length).Length);
        }
    }

    [Fact]
    public void A_disposed_file_is_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.bin"), new byte[10]);
        MemoryMappedBytes mapped = new(folder.PathOf("a.bin"));
        mapped.Dispose();
        mapped.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapped.Slice(0, 1).Length);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_bad_input()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => new MemoryMappedBytes(folder.PathOf("a.bin"))).Problem, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => new MemoryMappedBytes(folder.PathOf("no", "a.bin"))).Problem, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<InputException>(() => new MemoryMappedBytes(folder.Root)).Problem, StringComparison.Ordinal);
    }
}
