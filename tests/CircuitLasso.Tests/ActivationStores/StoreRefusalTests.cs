using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class StoreRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SampleStore _sample = new(Pooling.Last, texts: 20);

    public static TheoryData<string, Func<ActivationStoreManifest, ActivationStoreManifest>> Differences => new()
    {
        { "was made by another model (provenance.model.sha256 was", m => m with { Provenance = m.Provenance with { Model = new("tiny", SampleStore.Hash('e')) } } },
        { "was made with another tokenizer", m => m with { Provenance = m.Provenance with { Tokenizer = null } } },
        { "was made from another text file", m => m with { Provenance = m.Provenance with { Text = new("text.tsv", SampleStore.Hash('e')) } } },
        { "was made with other sparse autoencoders", m => m with { Provenance = m.Provenance with { Saes = new Dictionary<string, StoreSource>() } } },
        { "(provenance.bos_policy was \"always\", is now \"never\")", m => m with { Provenance = m.Provenance with { BosPolicy = "never" } } },
        { "(provenance.batch_partition was", m => m with { Provenance = m.Provenance with { BatchPartition = "8 texts" } } },
        { "(provenance.backend was", m => m with { Provenance = m.Provenance with { Backend = "other" } } },
        { "(provenance.settings.text_column was", m => m with { Provenance = m.Provenance with { Settings = new Dictionary<string, string> { ["text_column"] = "3", ["label_column"] = "2" } } } },
        { "(pooling was \"last\", is now \"mean\")", m => m with { Pooling = Pooling.Mean } },
        { "(rows_per_shard was 8, is now 16)", m => m with { RowsPerShard = 16 } },
        { "(targets was", m => m with { Targets = ["logprob"] } },
        { "(label_classes[2] was \"odd\", is now \"even\")", m => m with { LabelClasses = ["bad", "good", "even"] } },
        { "(sites[0].width was 4, is now 5)", m => m with { Sites = [m.Sites[0] with { Width = 5 }, .. m.Sites.Skip(1)] } },
        { "(sites was", m => m with { Sites = [.. m.Sites.Skip(1)] } },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Differences))]
    public void A_store_of_other_settings_is_not_gone_on_with(string problem, Func<ActivationStoreManifest, ActivationStoreManifest> change)
    {
        _sample.Write(_folder.Root, textsPerBatch: 6, stopBeforeText: 0);

        Refused(problem, () => ActivationStoreWriter.Open(_folder.Root, change(_sample.Manifest), [SampleStore.Constant]));
    }

    [Fact]
    public void Another_name_of_the_same_model_is_no_difference()
    {
        _sample.Write(_folder.Root, textsPerBatch: 6, stopBeforeText: 12);
        ActivationStoreManifest renamed = _sample.Manifest with { Provenance = _sample.Manifest.Provenance with { Model = new("moved", SampleStore.Hash('a')) } };

        using ActivationStoreWriter writer = ActivationStoreWriter.Open(_folder.Root, renamed, [SampleStore.Constant]);
        Assert.NotEqual(0, writer.CompletedRows);
    }

    [Fact]
    public void Other_constants_are_refused()
    {
        _sample.Write(_folder.Root, textsPerBatch: 6, stopBeforeText: 12);
        StoreConstant other = SampleStore.Constant with { Values = new float[24] };
        StoreConstant renamed = SampleStore.Constant with { Name = "output_matrix.1" };
        StoreConstant reshaped = SampleStore.Constant with { Shape = [4, 6] };

        foreach (StoreConstant[] constants in (StoreConstant[][])[[], [other], [renamed], [reshaped], [SampleStore.Constant, renamed]])
        {
            Refused("was made with other constant tensors", () => ActivationStoreWriter.Open(_folder.Root, _sample.Manifest, constants));
        }
    }

    [Fact]
    public void A_folder_with_something_else_in_it_is_refused_and_left_alone()
    {
        File.WriteAllText(_folder.PathOf("thesis.txt"), "years of work");

        Refused("is not an activation store, and not empty (it holds thesis.txt)", () => ActivationStoreWriter.Open(_folder.Root, _sample.Manifest));
        Assert.Equal("years of work", File.ReadAllText(_folder.PathOf("thesis.txt")));
    }

    [Fact]
    public void Shards_without_a_manifest_are_not_deleted()
    {
        File.WriteAllText(_folder.PathOf("shard-00000.safetensors"), "made elsewhere");

        Refused("it holds shard-00000.safetensors", () => ActivationStoreWriter.Open(_folder.Root, _sample.Manifest));
        Assert.True(File.Exists(_folder.PathOf("shard-00000.safetensors")));
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_refused()
    {
        File.WriteAllText(_folder.PathOf("file"), string.Empty);

        Assert.Throws<InputException>(() => ActivationStoreWriter.Open(_folder.PathOf("file"), _sample.Manifest));
        Refused("is not an activation store", () => ActivationStoreReader.Open(_folder.PathOf("file")));
    }

    [Fact]
    public void A_store_without_a_row_is_refused()
    {
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(_folder.Root, _sample.Manifest);

        Refused("not one row was collected", writer.Complete);
        Refused("is not complete (0 rows so far)", () => ActivationStoreReader.Open(_folder.Root));
    }

    [Fact]
    public void A_folder_that_is_no_store_is_refused() =>
        Refused("is not an activation store (it has no manifest.json)", () => ActivationStoreReader.Open(_folder.Root));

    [Fact]
    public void A_site_or_target_that_is_not_stored_is_refused_with_those_that_are()
    {
        _sample.Write(_folder.Root, textsPerBatch: 6);
        using ActivationStoreReader reader = ActivationStoreReader.Open(_folder.Root);

        Assert.Contains("embed, resid_post.0, attn_z.0", Assert.Throws<InputException>(() => reader.Site("embd")).Remedy, StringComparison.Ordinal);
        Assert.Contains("logprob, logit: are", Assert.Throws<InputException>(() => reader.ReadTarget("y", 0, new float[1])).Remedy, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => reader.ReadRows("resid_post.0", 0, 1, new float[1000]));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadRows("embed", reader.RowCount, 1, new float[4]));
        Assert.Throws<ArgumentException>(() => reader.ReadRows("embed", 0, 1, new float[5]));
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", "is of version 2, newer than 1")]
    [InlineData("\"version\": 1", "\"version\": 0", "has no version")]
    [InlineData("\"version\": 1,", "", "has no version")]
    [InlineData("circuitlasso-activation-store", "npz", "is not the manifest of an activation store")]
    [InlineData("\"complete\": true", "\"complete\": true, \"surprise\": 1", "is not a manifest as docs/store.md describes it")]
    [InlineData("\"complete\": true", "\"complete\": true, \"complete\": true", "is not a manifest as docs/store.md describes it")]
    [InlineData("\"last\"", "\"first\"", "is not a manifest as docs/store.md describes it at $.pooling")]
    [InlineData("\"last\"", "1", "is not a manifest as docs/store.md describes it at $.pooling")]
    [InlineData("float32", "float16", "has the dtype float16")]
    [InlineData("\"name\": \"embed\"", "\"name\": \"row.text\"", "has a site named 'row.text'")]
    [InlineData("\"name\": \"embed\"", "\"name\": \"a/../b\"", "has a site named 'a/../b'")]
    [InlineData("\"name\": \"embed\"", "\"name\": \"attn_z.0\"", "names the site attn_z.0 twice")]
    [InlineData("\"name\": \"embed\"", "\"name\": null", "is not a manifest as docs/store.md describes it at $.sites[0].name")]
    [InlineData("\"width\": 4", "\"width\": 0", "gives site embed the width 0")]
    [InlineData("\"width\": 4", "\"width\": 2147483647", "gives site embed the width 2147483647")]
    [InlineData("\"heads\": 2", "\"heads\": 4", "gives site attn_z.0 4 heads")]
    [InlineData("\"heads\": 2", "\"heads\": 0", "gives site attn_z.0 0 heads")]
    [InlineData("\"shard-00001.safetensors\"", "\"../shard-00001.safetensors\"", "which is not a plain name inside the folder")]
    [InlineData("\"shard-00001.safetensors\"", "\"/etc/passwd\"", "which is not a plain name inside the folder")]
    [InlineData("\"shard-00001.safetensors\"", "\"..\"", "which is not a plain name inside the folder")]
    [InlineData("\"shard-00001.safetensors\"", "\"shard-00000.safetensors\"", "names the file shard-00000.safetensors twice")]
    [InlineData("\"shard-00001.safetensors\"", "\"shard-99999.safetensors\"", "is missing, though the manifest records it")]
    [InlineData("\"first_row\": 8", "\"first_row\": 7", "gives shard-00001.safetensors the rows 7 + 8, but 8 rows come before it")]
    [InlineData("\"first_row\": 8,\n      \"rows\": 8", "\"first_row\": 8,\n      \"rows\": 2147483647", "gives shard-00001.safetensors the rows")]
    [InlineData("\"first_text\": 9", "\"first_text\": 8", "gives shard-00001.safetensors the texts 8 to 18 after text 8")]
    [InlineData("\"first_text\": 9", "\"first_text\": 18", "gives shard-00001.safetensors more rows than texts")]
    [InlineData("\"rows\": 17", "\"rows\": 18", "says that there are 18 rows, but its shards have 17")]
    [InlineData("\"odd\"", "\"good\"", "names the label class good twice")]
    [InlineData("\"logprob\"", "\"\"", "has a target named ''")]
    public void A_manifest_that_is_wrong_is_refused(string from, string to, string problem)
    {
        _sample.Write(_folder.Root, textsPerBatch: 6);
        string path = _folder.PathOf("manifest.json");
        string manifest = File.ReadAllText(path);
        int at = manifest.IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, manifest);
        File.WriteAllText(path, manifest[..at] + to + manifest[(at + from.Length)..]);

        Refused(problem, () => ActivationStoreReader.Open(_folder.Root).Dispose());
    }

    [Fact]
    public void A_shard_of_another_length_is_refused_when_the_store_is_opened()
    {
        _sample.Write(_folder.Root, textsPerBatch: 6);
        using (FileStream shard = File.OpenWrite(_folder.PathOf("shard-00001.safetensors")))
        {
            shard.SetLength(shard.Length - 1);
        }

        Refused("the manifest says", () => ActivationStoreReader.Open(_folder.Root));
        Refused("the manifest says", () => ActivationStoreWriter.Open(_folder.Root, _sample.Manifest, [SampleStore.Constant]));
    }

    [Fact]
    public void A_changed_byte_is_found_when_its_shard_is_first_read()
    {
        _sample.Write(_folder.Root, textsPerBatch: 6);
        string path = _folder.PathOf("shard-00001.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        using ActivationStoreReader reader = ActivationStoreReader.Open(_folder.Root);

        reader.ReadRows("embed", 0, 8, new float[32]);
        Assert.Equal(path, Assert.Throws<InputException>(() => reader.ReadRows("embed", 8, 1, new float[4])).Subject);
        Refused("does not have the sha256", () => reader.Verify());
    }

    [Fact]
    public void Batches_that_are_not_well_formed_are_refused()
    {
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(_folder.Root, _sample.Manifest);

        Assert.Throws<InvalidOperationException>(() => writer.WriteDense("embed", new float[4]));
        Assert.Throws<InvalidOperationException>(writer.EndBatch);
        Assert.Throws<ArgumentException>(() => writer.BeginBatch([new(1, 1), new(0, 1)]));
        Assert.Throws<ArgumentException>(() => writer.BeginBatch([new(1, 1), new(1, 1, Position: 1)]));
        Assert.Throws<ArgumentException>(() => writer.BeginBatch([new(1, 1, Label: 3)]));
        Assert.Throws<ArgumentException>(() => writer.BeginBatch([new(-1, 1)]));
        writer.BeginBatch([new(1, 1), new(2, 1)]);
        Assert.Throws<InvalidOperationException>(() => writer.BeginBatch([new(3, 1)]));
        Assert.Throws<ArgumentException>(() => writer.WriteDense("embed", new float[5]));
        Assert.Throws<ArgumentException>(() => writer.WriteDense("embed", new float[12]));
        Assert.Throws<ArgumentException>(() => writer.WriteDense("resid_post.0", new float[8]));
        Assert.Throws<ArgumentException>(() => writer.WriteTarget("y", new float[2]));
        Assert.Throws<ArgumentException>(() => writer.WriteSparse("resid_post.0", [0, 1, 2], [5, 1000], new float[2]));
        Assert.Throws<ArgumentException>(() => writer.WriteSparse("resid_post.0", [0, 2, 2], [5, 5], new float[2]));
        Assert.Throws<ArgumentException>(() => writer.WriteSparse("resid_post.0", [0, 2, 1], [5, 6], new float[2]));
        Assert.Throws<ArgumentException>(() => writer.WriteSparse("resid_post.0", [], [], []));
        Assert.Contains("resid_post.0 lacks rows", Assert.Throws<InvalidOperationException>(writer.EndBatch).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(writer.Complete);
    }

    [Fact]
    public void Random_changes_of_the_manifest_are_refused_or_read()
    {
        _sample.Write(_folder.Root, textsPerBatch: 6);
        byte[] whole = File.ReadAllBytes(_folder.PathOf("manifest.json"));
        Random random = new(5);
        int read = 0;
        for (int round = 0; round < 300; round++)
        {
            File.WriteAllBytes(_folder.PathOf("manifest.json"), Mutate(whole, random));
            read += Attempt(_folder.Root, _sample) ? 1 : 0;
        }

        Assert.InRange(read, 1, 250);
    }

    [Theory]
    [InlineData(Pooling.Last)]
    [InlineData(Pooling.None)]
    public void Random_changes_of_a_shard_with_a_right_checksum_are_refused_or_read(Pooling pooling)
    {
        SampleStore sample = new(pooling, texts: 20, rowsPerShard: pooling == Pooling.None ? 24 : 8);
        sample.Write(_folder.Root, textsPerBatch: 6);
        ActivationStoreManifest manifest = ActivationStoreManifest.Read(_folder.Root);
        string path = _folder.PathOf(manifest.Shards[1].File);
        byte[] whole = File.ReadAllBytes(path);
        Random random = new(6);
        int read = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = Mutate(whole, random);
            File.WriteAllBytes(path, bytes);
            StoreShard shard = manifest.Shards[1] with { Bytes = bytes.Length, Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)) };
            ActivationStoreManifest changed = manifest with { Shards = [manifest.Shards[0], shard, .. manifest.Shards.Skip(2)] };
            File.WriteAllBytes(_folder.PathOf("manifest.json"), StoreManifestFile.Serialize(changed));
            read += Attempt(_folder.Root, sample) ? 1 : 0;
        }

        Assert.InRange(read, 1, 299);
    }

    // Reads everything there is; whatever is wrong is to be refused as the user's input.
    private static bool Attempt(string folder, SampleStore sample)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using ActivationStoreReader reader = ActivationStoreReader.Open(folder);
            reader.Verify();
            int rows = (int)reader.RowCount;
            reader.ReadRowDescriptions(0, new StoreRow[rows]);
            foreach (StoreSite site in sample.Manifest.Sites.Where(site => reader.Manifest.FindSite(site.Name) == site))
            {
                if (site.Kind == StoreSiteKind.Dense)
                {
                    reader.ReadRows(site.Name, 0, rows, new float[rows * site.Width]);
                    continue;
                }

                long count = reader.CountValues(site.Name, 0, rows);
                reader.ReadSparseRows(site.Name, 0, rows, new long[rows + 1], new int[count], new float[count]);
            }

            return true;
        }
        catch (InputException)
        {
            return false;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
        }
    }

    private static byte[] Mutate(byte[] whole, Random random)
    {
        byte[] bytes = [.. whole.Take(random.Next(8) == 0 ? random.Next(1, whole.Length) : whole.Length)];
        for (int flips = random.Next(1, 4); flips > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : "0123456789\"{}[],:"u8[random.Next(17)]);
        }

        return bytes;
    }

    private static void Refused(string problem, Action action)
    {
        InputException exception = Assert.Throws<InputException>(action);
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
    }
}
