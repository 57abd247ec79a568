using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class StoreResumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Pooling.Last)]
    [InlineData(Pooling.None)]
    public void A_run_that_dies_before_any_file_operation_is_resumed_to_the_same_bytes(Pooling pooling)
    {
        SampleStore sample = new(pooling, rowsPerShard: pooling == Pooling.None ? 24 : 8);
        string whole = _folder.PathOf("whole");
        List<string> operations = [];
        sample.Write(whole, textsPerBatch: 6, operations.Add);
        Assert.InRange(operations.Count, 10, 100);
        for (int death = 0; death < operations.Count; death++)
        {
            string folder = _folder.PathOf($"dies before operation {death}");
            int operation = 0;
            Assert.Throws<DeathException>(() => sample.Write(folder, textsPerBatch: 6, name =>
            {
                if (operation++ == death)
                {
                    LeaveHalfAFile(folder, name);
                    throw new DeathException();
                }
            }));
            if (File.Exists(Path.Combine(folder, "manifest.json")))
            {
                Assert.Contains("is not complete", Assert.Throws<InputException>(() => ActivationStoreReader.Open(folder)).Problem, StringComparison.Ordinal);
            }

            sample.Write(folder, textsPerBatch: 6);
            Assert.Equal(SampleStore.Files(whole), SampleStore.Files(folder));
        }
    }

    [Fact]
    public void A_run_that_dies_again_and_again_gets_to_the_same_bytes()
    {
        SampleStore sample = new(Pooling.None);
        sample.Write(_folder.PathOf("whole"), textsPerBatch: 6);
        string folder = _folder.PathOf("dies often");
        Random random = new(3);
        int deaths = 0;
        for (bool isDone = false; !isDone; deaths++)
        {
            // The eleventh operation is beyond the clearing up that a resumed run begins with, so that each run gets on.
            int left = random.Next(3, 12);
            try
            {
                sample.Write(folder, textsPerBatch: 6, name =>
                {
                    if (left-- == 0)
                    {
                        LeaveHalfAFile(folder, name);
                        throw new DeathException();
                    }
                });
                isDone = true;
            }
            catch (DeathException)
            {
                Assert.InRange(deaths, 0, 100);
            }
        }

        Assert.InRange(deaths, 2, 100);
        Assert.Equal(SampleStore.Files(_folder.PathOf("whole")), SampleStore.Files(folder));
    }

    [Theory]
    [InlineData(Pooling.Sum)]
    [InlineData(Pooling.None)]
    public void A_run_that_is_stopped_between_batches_is_resumed_to_the_same_bytes(Pooling pooling)
    {
        SampleStore sample = new(pooling, rowsPerShard: pooling == Pooling.None ? 24 : 8);
        sample.Write(_folder.PathOf("whole"), textsPerBatch: 6);
        for (int stop = 0; stop <= 42; stop += 6)
        {
            string folder = _folder.PathOf($"stops before text {stop}");
            sample.Write(folder, textsPerBatch: 6, stopBeforeText: stop);
            sample.Write(folder, textsPerBatch: 6);

            Assert.Equal(SampleStore.Files(_folder.PathOf("whole")), SampleStore.Files(folder));
        }
    }

    [Fact]
    public void A_resumed_store_says_which_rows_and_texts_it_has()
    {
        SampleStore sample = new(Pooling.None);
        sample.Write(_folder.Root, textsPerBatch: 6, stopBeforeText: 24);
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(_folder.Root, sample.Manifest, [SampleStore.Constant]);

        Assert.False(writer.IsComplete);
        Assert.InRange(writer.CompletedTexts, 18, 23);
        Assert.Equal(sample.Rows.Count(row => row.Text < writer.CompletedTexts), writer.CompletedRows);
    }

    [Fact]
    public void A_complete_store_is_left_as_it_is()
    {
        SampleStore sample = new(Pooling.Last);
        sample.Write(_folder.Root, textsPerBatch: 6);
        Dictionary<string, string> files = SampleStore.Files(_folder.Root);

        // As if the run had died when all was written but the lock file was still there.
        File.WriteAllText(_folder.PathOf(".lock"), string.Empty);
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(_folder.Root, sample.Manifest, [SampleStore.Constant]))
        {
            Assert.True(writer.IsComplete);
            Assert.Equal(sample.Rows.Count, writer.CompletedRows);
            Assert.Throws<InvalidOperationException>(() => writer.BeginBatch([new StoreRow(100, 1)]));
            Assert.Throws<InvalidOperationException>(writer.Complete);
        }

        Assert.Equal(files, SampleStore.Files(_folder.Root));
    }

    [Fact]
    public void A_shard_that_cannot_be_written_leaves_a_store_that_is_resumed_to_the_same_bytes()
    {
        SampleStore sample = new(Pooling.Last);
        sample.Write(_folder.PathOf("whole"), textsPerBatch: 6);
        string folder = _folder.PathOf("full");
        int shards = 0;

        // Where the third shard goes there is a folder, so that the system refuses the file when it is to take its name.
        Assert.Throws<InputException>(() => sample.Write(folder, textsPerBatch: 6, name =>
        {
            if (name.StartsWith("write shard", StringComparison.Ordinal) && ++shards == 3)
            {
                Directory.CreateDirectory(Path.Combine(folder, name["write ".Length..]));
            }
        }));
        Directory.Delete(Path.Combine(folder, "shard-00002.safetensors"));
        Assert.Equal(2, ActivationStoreManifest.Read(folder).Shards.Count);
        Assert.DoesNotContain(Directory.GetFiles(folder), file => file.EndsWith(".tmp", StringComparison.Ordinal));

        sample.Write(folder, textsPerBatch: 6);
        Assert.Equal(SampleStore.Files(_folder.PathOf("whole")), SampleStore.Files(folder));
    }

    [Fact]
    public void Two_writers_at_once_are_refused()
    {
        SampleStore sample = new(Pooling.Last);
        using (ActivationStoreWriter first = ActivationStoreWriter.Open(_folder.Root, sample.Manifest, [SampleStore.Constant]))
        {
            InputException exception = Assert.Throws<InputException>(() => ActivationStoreWriter.Open(_folder.Root, sample.Manifest, [SampleStore.Constant]));
            Assert.Contains("another process is writing this store", exception.Problem, StringComparison.Ordinal);
            Assert.Equal(0, first.CompletedRows);
        }

        sample.Write(_folder.Root, textsPerBatch: 6);
        Assert.False(File.Exists(_folder.PathOf(".lock")));
    }

    // What a killed process leaves: a temporary file that is not whole, under the name that an atomic write gives it.
    private static void LeaveHalfAFile(string folder, string operation)
    {
        if (operation.StartsWith("write ", StringComparison.Ordinal))
        {
            File.WriteAllText(Path.Combine(folder, $".{operation["write ".Length..]}.a1b2c3d4.e5f.tmp"), "half");
        }
    }

    private sealed class DeathException : Exception;
}
