using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>The buffers of the whole process are counted, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(StoreMemoryTests), DisableParallelization = true)]
[Collection(nameof(StoreMemoryTests))]
public sealed class StoreMemoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Memory_stays_at_one_shard_and_one_batch_however_many_rows_there_are()
    {
        const int Width = 64;
        const int BatchRows = 100;
        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling.Last,
            Sites = [new() { Name = "embed", Kind = StoreSiteKind.Dense, Width = Width }, new() { Name = "sae", Kind = StoreSiteKind.Sparse, Width = 1000 }],
            RowsPerShard = 512,
        };
        float[] values = new float[BatchRows * Width];
        long[] indptr = [.. Enumerable.Range(0, BatchRows + 1).Select(i => 8L * i)];
        int[] indices = [.. Enumerable.Range(0, BatchRows * 8).Select(i => i % 8)];
        long before = NativeMemoryLedger.CurrentBytes;
        long most = 0;
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(_folder.Root, manifest))
        {
            for (int batch = 0; batch < 100; batch++)
            {
                writer.BeginBatch([.. Enumerable.Range(batch * BatchRows, BatchRows).Select(text => new StoreRow(text, 5))]);
                writer.WriteDense("embed", values);
                writer.WriteSparse("sae", indptr, indices, values.AsSpan(0, indices.Length));
                writer.EndBatch();
                most = Math.Max(most, NativeMemoryLedger.CurrentBytes - before);
            }

            writer.Complete();
        }

        // Text, length, dense row, end of the sparse row, its eight features; an eighth more for growth. Nothing else runs meanwhile.
        const long RowBytes = 4 + 4 + (4 * Width) + 8 + (8 * 8);
        Assert.InRange(new DirectoryInfo(_folder.Root).EnumerateFiles().Sum(file => file.Length), 9_000 * RowBytes, 11_000 * RowBytes);
        Assert.InRange(most, 1, ((512 + BatchRows) * RowBytes * 9 / 8) + (4 << 20));
    }
}
