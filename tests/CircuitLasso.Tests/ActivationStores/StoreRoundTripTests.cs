using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class StoreRoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<Pooling, int> Shapes => new()
    {
        { Pooling.Last, 8 }, { Pooling.Mean, 1 }, { Pooling.Sum, 35 }, { Pooling.Max, 64 }, { Pooling.None, 8 }, { Pooling.None, 1 }, { Pooling.None, 1000 },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_block_of_rows_is_read_as_it_was_written(Pooling pooling, int rowsPerShard)
    {
        SampleStore sample = new(pooling, rowsPerShard: rowsPerShard);
        sample.Write(_folder.Root, textsPerBatch: 6);
        using ActivationStoreReader reader = ActivationStoreReader.Open(_folder.Root);

        Assert.Equal(sample.Rows.Count, reader.RowCount);
        for (int first = 0; first <= sample.Rows.Count; first += 3)
        {
            foreach (int count in (int[])[0, 1, 5, 20, sample.Rows.Count])
            {
                if (first + count <= sample.Rows.Count)
                {
                    AssertBlock(reader, sample, first, count);
                }
            }
        }
    }

    [Theory]
    [InlineData(64, Pooling.Last, 4096)]
    [InlineData(64, Pooling.None, 65536)]
    [InlineData(16384, Pooling.Last, 1024)]
    [InlineData(16384, Pooling.None, 1024)]
    [InlineData(1000000, Pooling.Mean, 256)]
    public void Shards_have_about_64_MiB_and_where_texts_are_rows_at_most_4096(int width, Pooling pooling, int rows) =>
        Assert.Equal(rows, ActivationStoreManifest.ChooseRowsPerShard([new StoreSite { Name = "resid_post.0", Kind = StoreSiteKind.Dense, Width = width }], pooling));

    [Fact]
    public void Constants_and_settings_are_read_as_they_were_written()
    {
        SampleStore sample = new(Pooling.Last);
        sample.Write(_folder.Root, textsPerBatch: 6);
        using ActivationStoreReader reader = ActivationStoreReader.Open(_folder.Root);

        StoreConstant constant = reader.ReadConstant("output_matrix.0");
        Assert.Equal(SampleStore.Constant.Shape, constant.Shape);
        Assert.Equal(SampleStore.Constant.Values.ToArray(), constant.Values.ToArray());
        Assert.Throws<InputException>(() => reader.ReadConstant("output_matrix.1"));
        Assert.Equal(sample.Manifest.Sites, reader.Manifest.Sites);
        Assert.Equal(sample.Manifest.LabelClasses, reader.Manifest.LabelClasses);
        Assert.Equal(sample.Manifest.Provenance.Model, reader.Manifest.Provenance.Model);
        Assert.Equal(sample.Manifest.Provenance.Settings.OrderBy(s => s.Key), reader.Manifest.Provenance.Settings);
        Assert.Equal(2, reader.Site("attn_z.0").Heads);
    }

    [Fact]
    public void Shards_of_pooled_rows_are_of_one_size_and_others_end_with_a_text()
    {
        new SampleStore(Pooling.Last).Write(_folder.PathOf("pooled"), textsPerBatch: 6);
        SampleStore sample = new(Pooling.None);
        sample.Write(_folder.PathOf("positions"), textsPerBatch: 6);

        Assert.All(ActivationStoreManifest.Read(_folder.PathOf("pooled")).Shards.SkipLast(1), shard => Assert.Equal(8, shard.Rows));
        IReadOnlyList<StoreShard> shards = ActivationStoreManifest.Read(_folder.PathOf("positions")).Shards;
        Assert.All(shards, shard => Assert.True(shard.Rows <= 8 || (shard.Rows == 40 && shard.FirstText == 18 && shard.LastText == 18)));
        Assert.Contains(shards, shard => shard.Rows == 40);
        Assert.All(shards, shard => Assert.Equal(sample.Rows.Count(row => row.Text >= shard.FirstText && row.Text <= shard.LastText), shard.Rows));
    }

    [Theory]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.None)]
    public void The_bytes_do_not_depend_on_the_batches(Pooling pooling)
    {
        SampleStore sample = new(pooling);
        sample.Write(_folder.PathOf("whole"), textsPerBatch: 1);
        foreach (int textsPerBatch in (int[])[2, 7, 16, 100])
        {
            string folder = _folder.PathOf($"by {textsPerBatch}");
            sample.Write(folder, textsPerBatch);

            Assert.Equal(SampleStore.Files(_folder.PathOf("whole")), SampleStore.Files(folder));
        }
    }

    [Fact]
    public void Several_threads_read_the_same_numbers_at_once()
    {
        SampleStore sample = new(Pooling.None);
        sample.Write(_folder.Root, textsPerBatch: 6);
        using ActivationStoreReader reader = ActivationStoreReader.Open(_folder.Root);

        Parallel.For(0, 64, i => AssertBlock(reader, sample, i, sample.Rows.Count - 64));
    }

    [Fact]
    public void A_whole_store_passes_its_verification()
    {
        new SampleStore(Pooling.Max).Write(_folder.Root, textsPerBatch: 6);
        using ActivationStoreReader reader = ActivationStoreReader.Open(_folder.Root);
        long bytes = 0;
        reader.Verify(shard => bytes += shard);

        Assert.Equal(reader.Manifest.Shards.Sum(shard => shard.Bytes), bytes);
    }

    private static void AssertBlock(ActivationStoreReader reader, SampleStore sample, int first, int count)
    {
        StoreRow[] expected = [.. sample.Rows.Skip(first).Take(count)];
        StoreRow[] rows = new StoreRow[count];
        reader.ReadRowDescriptions(first, rows);
        Assert.Equal(expected, rows);
        foreach (StoreSite site in sample.Manifest.Sites.Where(site => site.Kind == StoreSiteKind.Dense))
        {
            float[] values = new float[count * site.Width];
            reader.ReadRows(site.Name, first, count, values);
            Assert.Equal(expected.SelectMany(row => SampleStore.Dense(row, site)), values);
        }

        foreach (string target in sample.Manifest.Targets)
        {
            float[] values = new float[count];
            reader.ReadTarget(target, first, values);
            Assert.Equal(expected.Select(row => SampleStore.Target(row, target)), values);
        }

        long stored = reader.CountValues("resid_post.0", first, count);
        long[] indptr = new long[count + 1];
        int[] indices = new int[stored];
        float[] features = new float[stored];
        reader.ReadSparseRows("resid_post.0", first, count, indptr, indices, features);
        for (int i = 0; i < count; i++)
        {
            (int Index, float Value)[] row = SampleStore.Sparse(expected[i]);
            Range range = (int)indptr[i]..(int)indptr[i + 1];
            Assert.Equal(row.Select(feature => feature.Index), indices[range]);
            Assert.Equal(row.Select(feature => feature.Value), features[range]);
        }

        Assert.Equal(stored, indptr[count]);
    }
}
