using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class StoreLearningDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sequential")]
    [InlineData("parallel")]
    public void Components_stand_in_the_order_of_computation_whatever_the_order_of_the_sites(string sublayers)
    {
        using ActivationStoreReader store = Write(
            sublayers, 2, Site("mlp_out.1", 4), Site("attn_z.1", 6, 2), Site("final_residual", 4), Site("attn_z.0", 6, 2), Site("mlp_out.0", 4), Site("embed", 4));
        StoreLearningData data = new(store);

        Assert.Equal(["input", "a0.h0", "a0.h1", "m0", "a1.h0", "a1.h1", "m1"], data.Blocks.Select(block => block.Name));
        Assert.Equal([4, 3, 3, 4, 3, 3, 4], data.Blocks.Select(block => block.Width));
        Assert.Equal([null, 0, 0, 0, 1, 1, 1], data.Blocks.Select(block => block.Layer));
        int Place(string name) => data.Blocks.First(block => block.Name == name).Place;
        Assert.True(Place("input") < Place("a0.h0"));
        Assert.Equal(Place("a0.h0"), Place("a0.h1"));
        Assert.Equal(sublayers == "parallel", Place("a0.h0") == Place("m0"));
        Assert.True(Place("a0.h0") <= Place("m0") && Place("m0") < Place("a1.h0") && Place("a1.h0") <= Place("m1"));
        Assert.Equal(sublayers == "parallel", data.Components!.ParallelBlocks);
        foreach (LearningBlock source in data.Blocks)
        {
            // What the regression allows is what the component graph has for edges.
            Assert.All(data.Blocks, target => Assert.Equal(data.Components.Contains(source.Name, target.Name), source.Place < target.Place));
        }
    }

    [Fact]
    public void Columns_follow_the_blocks_and_heads_come_in_residual_coordinates()
    {
        StoreSite[] sites = [Site("mlp_out.0", 4), Site("attn_z.0", 6, 2), Site("embed", 4)];
        using ActivationStoreReader store = Write("sequential", 1, sites);
        StoreLearningData data = new(store);
        const int First = 1, Count = 3;
        float[] rows = new float[Count * 14];
        data.ReadRows(First, Count, rows);
        float[] matrix = store.ReadConstant("output_matrix.0").Values.ToArray();
        for (int row = 0; row < Count; row++)
        {
            Assert.Equal(Value(First + row, sites[2]), rows[(row * 14)..((row * 14) + 4)]);
            Assert.Equal(Value(First + row, sites[0]), rows[((row * 14) + 10)..((row * 14) + 14)]);
            for (int head = 0; head < 2; head++)
            {
                // The norm of a head's coordinates is the norm of what it writes.
                float[] z = Value(First + row, sites[1])[(head * 3)..((head * 3) + 3)];
                double[] written = [.. Enumerable.Range(0, 4).Select(j => Enumerable.Range(0, 3).Sum(i => (double)z[i] * matrix[(((head * 3) + i) * 4) + j]))];
                double[] coordinates = [.. rows.Skip((row * 14) + 4 + (head * 3)).Take(3).Select(value => (double)value)];
                double norm = written.Sum(value => value * value);
                Assert.Equal(norm, coordinates.Sum(value => value * value), norm * 1e-6);
            }
        }
    }

    [Fact]
    public void Sites_that_sum_up_others_are_blocks_only_where_the_parts_are_not_there()
    {
        StoreSite[] stream = [Site("resid_post.1", 4), Site("resid_pre.0", 4), Site("attn_out.1", 4), Site("resid_post.0", 4), Site("mlp_post.1", 5)];
        using ActivationStoreReader alone = Write("sequential", 2, stream);
        StoreLearningData data = new(alone);
        Assert.Equal(["resid_pre.0", "resid_post.0", "attn_out.1", "mlp_post.1", "resid_post.1"], data.Blocks.Select(block => block.Name));
        Assert.Equal(data.Blocks.Select(block => block.Place).Distinct().Order(), data.Blocks.Select(block => block.Place));
        Assert.All(data.Blocks, block => Assert.Equal(CircuitNodeKind.Block, block.Kind));
        Assert.Null(data.Components);

        using ActivationStoreReader together = Write("sequential", 2, [.. stream, Site("attn_z.0", 6, 2), Site("mlp_out.0", 4)]);
        Assert.Equal(["a0.h0", "a0.h1", "m0"], new StoreLearningData(together).Blocks.Select(block => block.Name));
    }

    [Fact]
    public void A_part_of_the_components_is_no_component_graph()
    {
        using ActivationStoreReader store = Write("sequential", 2, Site("attn_z.0", 6, 2), Site("mlp_out.0", 4), Site("embed", 4));
        Assert.Null(new StoreLearningData(store).Components);
    }

    [Theory]
    [InlineData("1000000000", "2")]
    [InlineData("2147483647", "2147483647")]
    [InlineData("0", "2")]
    [InlineData("many", "2")]
    public void Settings_that_lie_about_the_model_make_no_component_graph(string layers, string heads)
    {
        using ActivationStoreReader store = Write("sequential", layers, heads, Site("attn_z.0", 6, 2), Site("mlp_out.0", 4), Site("embed", 4));
        Assert.Null(new StoreLearningData(store).Components);
    }

    [Fact]
    public void Heads_wider_than_any_models_are_refused_before_memory_is_taken_for_them()
    {
        using ActivationStoreReader store = Write("sequential", 1, Site("attn_z.0", 50000, 1));
        Assert.Contains("heads of width 50000", Assert.Throws<InputException>(() => new StoreLearningData(store)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Sparse_sites_are_refused()
    {
        using ActivationStoreReader store = Write("sequential", 1, Site("embed", 4), new StoreSite { Name = "resid_post.0", Kind = StoreSiteKind.Sparse, Width = 9 });
        InputException exception = Assert.Throws<InputException>(() => new StoreLearningData(store));
        Assert.Equal(store.Folder, exception.Subject);
        Assert.Contains("resid_post.0 holds sparse features", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_without_sites_to_learn_from_is_refused()
    {
        using ActivationStoreReader store = Write("sequential", 1, Site("final_residual", 4), Site("attn_q.0", 6, 2));
        Assert.Contains("no site to learn from", Assert.Throws<InputException>(() => new StoreLearningData(store)).Problem, StringComparison.Ordinal);
        using ActivationStoreReader unknown = Write("sequential", 1, Site("my_own_site", 4));
        Assert.Throws<InputException>(() => new StoreLearningData(unknown));
    }

    [Fact]
    public void Heads_without_their_number_or_their_output_matrix_are_refused()
    {
        using ActivationStoreReader noNumber = Write("sequential", 1, Site("attn_z.0", 6));
        Assert.Contains("how many heads", Assert.Throws<InputException>(() => new StoreLearningData(noNumber)).Problem, StringComparison.Ordinal);
        using ActivationStoreReader noMatrix = Write("sequential", 1, Site("attn_z.7", 6, 2));
        Assert.Contains("output_matrix.7", Assert.Throws<InputException>(() => new StoreLearningData(noMatrix)).Problem, StringComparison.Ordinal);
        using ActivationStoreReader wrongMatrix = Write("sequential", 1, Site("attn_z.0", 9, 3));
        Assert.Contains("has shape [6, 4]", Assert.Throws<InputException>(() => new StoreLearningData(wrongMatrix)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Provenance_names_what_the_store_was_made_of()
    {
        using ActivationStoreReader store = Write("sequential", 1, Site("embed", 4));
        IReadOnlyDictionary<string, string> provenance = new StoreLearningData(store).Provenance;
        Assert.Equal(SampleStore.Hash('a'), provenance["model_sha256"]);
        Assert.Equal("last", provenance["pooling"]);
        Assert.DoesNotContain(provenance.Values, value => value.Contains(_folder.Root, StringComparison.Ordinal));
    }

    private static StoreSite Site(string name, int width, int? heads = null) => new() { Name = name, Kind = StoreSiteKind.Dense, Width = width, Heads = heads };

    private static float[] Value(int row, StoreSite site) => [.. Enumerable.Range(0, site.Width).Select(i => row + (i / 8f) + site.Name.Length)];

    private ActivationStoreReader Write(string sublayers, int layers, params StoreSite[] sites) => Write(sublayers, $"{layers}", "2", sites);

    private ActivationStoreReader Write(string sublayers, string layers, string heads, params StoreSite[] sites)
    {
        const int Rows = 6;
        string folder = _folder.PathOf(Guid.NewGuid().ToString());
        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling.Last,
            Sites = sites,
            RowsPerShard = 4,
            Provenance = new()
            {
                Model = new("tiny", SampleStore.Hash('a')),
                Settings = new Dictionary<string, string> { ["layers"] = layers, ["heads"] = heads, ["width"] = "4", ["sublayers"] = sublayers },
            },
        };
        StoreConstant[] constants = [.. Enumerable.Range(0, 2).Select(layer =>
            new StoreConstant($"output_matrix.{layer}", [6, 4], Enumerable.Range(0, 24).Select(i => (i * i % 11) - 5f + layer).ToArray()))];
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, manifest, constants))
        {
            writer.BeginBatch([.. Enumerable.Range(0, Rows).Select(row => new StoreRow(row, 3))]);
            foreach (StoreSite site in sites)
            {
                if (site.Kind == StoreSiteKind.Dense)
                {
                    writer.WriteDense(site.Name, Enumerable.Range(0, Rows).SelectMany(row => Value(row, site)).ToArray());
                }
                else
                {
                    writer.WriteSparse(site.Name, new long[Rows + 1], [], []);
                }
            }

            writer.EndBatch();
            writer.Complete();
        }

        return ActivationStoreReader.Open(folder);
    }
}
