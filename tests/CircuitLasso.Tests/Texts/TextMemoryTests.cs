using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>Memory of the whole process is looked at, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(TextMemoryTests), DisableParallelization = true)]
[Collection(nameof(TextMemoryTests))]
public sealed class TextMemoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Many_rows_on_one_line_of_json_are_read_in_little_memory()
    {
        string path = _folder.PathOf("big.json");
        using (StreamWriter writer = new(path))
        {
            writer.Write('[');
            for (int i = 0; i < 50_000; i++)
            {
                writer.Write((i == 0 ? "" : ",") + $"\"row {i} of a list on one line, which no buffer holds as a whole\"");
            }

            writer.Write(']');
        }

        // Rows of at most 100 bytes: a reader that kept the file would run into its own limit.
        TextSource source = TextSource.Open(path, new() { MaximumRowBytes = 1 << 17 });
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        int count = 0;
        foreach (TextRow row in source.ReadRows())
        {
            Assert.Equal($"row {count++} of a list on one line, which no buffer holds as a whole", row.Text);
            most = count % 10_000 == 0 ? Math.Max(most, GC.GetTotalMemory(forceFullCollection: true)) : most;
        }

        Assert.Equal(50_000, count);
        Assert.True(new FileInfo(path).Length > 3_000_000);
        Assert.InRange(most - before, long.MinValue, 1_000_000);
    }
}
