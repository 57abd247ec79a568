using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class AtomicFolderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_appears_whole(bool isThereAndEmpty)
    {
        using TemporaryFolder folder = new();
        if (isThereAndEmpty)
        {
            Directory.CreateDirectory(folder.PathOf("a"));
        }

        using (AtomicFolder written = new(folder.PathOf("a") + Path.DirectorySeparatorChar))
        {
            File.WriteAllText(Path.Combine(written.TemporaryPath, "x"), "1");
            Assert.False(File.Exists(folder.PathOf("a", "x")));
            written.Commit();
            Assert.Throws<InvalidOperationException>(written.Commit);
        }

        Assert.Equal("1", File.ReadAllText(folder.PathOf("a", "x")));
        Assert.Equal([folder.PathOf("a")], Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void Nothing_stays_of_a_folder_that_was_not_committed()
    {
        using TemporaryFolder folder = new();
        using (AtomicFolder discarded = new(folder.PathOf("a")))
        {
            File.WriteAllText(Path.Combine(discarded.TemporaryPath, "x"), "1");
        }

        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void What_is_there_already_is_refused_and_stays()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.PathOf("a"));
        File.WriteAllText(folder.PathOf("a", "x"), "old");
        File.WriteAllText(folder.PathOf("b"), "old");
        Assert.Contains("is there already", Assert.Throws<InputException>(() => new AtomicFolder(folder.PathOf("a"))).Problem, StringComparison.Ordinal);
        Assert.Contains("is there already", Assert.Throws<InputException>(() => new AtomicFolder(folder.PathOf("b"))).Problem, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => new AtomicFolder(folder.PathOf("c", "d"))).Problem, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Root).Length);
    }

    [Fact]
    public void A_folder_that_another_program_filled_meanwhile_stays()
    {
        using TemporaryFolder folder = new();
        AtomicFolder late = new(folder.PathOf("a"));
        Directory.CreateDirectory(folder.PathOf("a"));
        File.WriteAllText(folder.PathOf("a", "x"), "other");
        Assert.Throws<InputException>(late.Commit);
        Assert.Equal("other", File.ReadAllText(folder.PathOf("a", "x")));
        Assert.Equal([folder.PathOf("a")], Directory.GetFileSystemEntries(folder.Root));
    }
}
