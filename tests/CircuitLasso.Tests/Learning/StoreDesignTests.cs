using CircuitLasso.Numerics;
using CircuitLasso.Regression;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class StoreDesignTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Pooling.Last, false, "mlp_out.0", "resid_post.1")]
    [InlineData(Pooling.Last, true, "mlp_out.0", "resid_post.1")]
    [InlineData(Pooling.None, false, "mlp_out.0", "resid_post.1")]
    [InlineData(Pooling.None, true, "embed", "mlp_out.0", "resid_post.1")]
    [InlineData(Pooling.None, false, "embed", "mlp_out.0", "resid_post.0", "resid_post.1")]
    [InlineData(Pooling.Last, true, "embed", "mlp_out.0")]
    [InlineData(Pooling.Last, true, "embed", "resid_post.0")]
    [InlineData(Pooling.None, false, "embed", "resid_post.0")]
    public void Gram_matrix_and_coefficients_have_the_bytes_of_the_same_matrix_in_memory(Pooling pooling, bool centred, params string[] sites)
    {
        FeatureStore features = new(pooling);
        using ActivationStoreReader store = features.Write(_folder.PathOf("store"));
        Assert.True(store.Manifest.Shards.Count > 5);
        using StoreDesign read = StoreDesign.Read(store, [.. sites.Reverse()], centred, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(sites, read.Order.Blocks.Select(block => block.Name));
        Assert.Equal(Enumerable.Range(0, sites.Length), read.Order.Blocks.Select(block => block.Place));
        Assert.Equal(sites.Select(site => features.Values(site).GetLength(1)), read.Order.Blocks.Select(block => block.Width));
        Assert.Equal(pooling == Pooling.None, read.Groups is not null);
        using SharedDesign expected = InMemory(features, sites, centred);
        Assert.Equal(expected.GetType(), read.Design.GetType());
        Assert.Equal((expected.Rows, expected.Columns, expected.IsCentred), (read.Design.Rows, read.Design.Columns, read.Design.IsCentred));
        using SharedGram gram = read.Design.ComputeGram()!, expectedGram = expected.ComputeGram()!;
        AssertSame(expectedGram, gram);

        SharedGramOptions options = new() { LambdaRatio = 0.05, Tolerance = 1e-8 };
        SharedGramSolution solution = SharedGramSolver.SolveBlocks(read.Design, gram, read.Order, options, cancellationToken: TestContext.Current.CancellationToken);
        SharedGramSolution again = SharedGramSolver.SolveBlocks(expected, expectedGram, read.Order, options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, solution.Missed);
        Assert.True(solution.Coefficients.EntryCount > 0);
        AssertSame(again.Coefficients, solution.Coefficients);
    }

    [Fact]
    public void Blocks_find_the_features_that_later_features_copy()
    {
        FeatureStore features = new(Pooling.None);
        using ActivationStoreReader store = features.Write(_folder.PathOf("store"));
        using StoreDesign read = StoreDesign.Read(store, ["resid_post.1", "mlp_out.0"], cancellationToken: TestContext.Current.CancellationToken);
        SharedGramSolution solution = SharedGramSolver.SolveBlocks(
            read.Design, null, read.Order, new SharedGramOptions { LambdaRatio = 0.01, Tolerance = 1e-8 }, cancellationToken: TestContext.Current.CancellationToken);
        for (int j = 0; j < 40; j++)
        {
            int strongest = Enumerable.Range(0, solution.Coefficients.RowsOf(40 + j).Length).MaxBy(k => solution.Coefficients.ValuesOf(40 + j)[k]);
            Assert.Equal(j, solution.Coefficients.RowsOf(40 + j)[strongest]);
            Assert.InRange(solution.Coefficients.ValuesOf(40 + j)[strongest], 0.4, 0.5);
        }
    }

    [Theory]
    [InlineData(Pooling.Last, "mlp_out.0", "resid_post.1")]
    [InlineData(Pooling.None, "mlp_out.0", "resid_post.1")]
    [InlineData(Pooling.None, "embed", "mlp_out.0", "resid_post.1")]
    public void Rows_that_stream_by_sum_to_the_bytes_of_the_design_of_all_rows(Pooling pooling, params string[] sites)
    {
        FeatureStore features = new(pooling);
        using ActivationStoreReader store = features.Write(_folder.PathOf("store"));
        using SharedGram streamed = StoreDesign.SumGram(store, sites, cancellationToken: TestContext.Current.CancellationToken);
        using SharedDesign design = InMemory(features, sites, centred: false);
        Assert.IsType<SparseDesign>(design);
        using SharedGram gram = design.ComputeGram()!;
        AssertSame(gram, streamed);
    }

    [Fact]
    public void Cutting_the_rows_into_other_shards_changes_no_bytes()
    {
        FeatureStore features = new(Pooling.Last, texts: 5000);
        string[] sites = ["embed", "mlp_out.0", "resid_post.1"];
        using ActivationStoreReader one = features.Write(_folder.PathOf("one"), rowsPerShard: 8192), many = features.Write(_folder.PathOf("many"), rowsPerShard: 700);
        Assert.True(one.Manifest.Shards.Count < many.Manifest.Shards.Count);
        using StoreDesign whole = StoreDesign.Read(one, sites, cancellationToken: TestContext.Current.CancellationToken), cut = StoreDesign.Read(many, sites, cancellationToken: TestContext.Current.CancellationToken);
        using SharedGram wholeGram = whole.Design.ComputeGram()!, cutGram = cut.Design.ComputeGram()!, streamed = StoreDesign.SumGram(many, sites, cancellationToken: TestContext.Current.CancellationToken);
        AssertSame(wholeGram, cutGram);
        AssertSame(wholeGram, streamed);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bytes()
    {
        FeatureStore features = new(Pooling.None);
        string[] sites = ["embed", "mlp_out.0", "resid_post.0", "resid_post.1"];
        using ActivationStoreReader store = features.Write(_folder.PathOf("store"));
        (SharedGram Gram, SharedGram Streamed, SharedGramSolution Solution) Run(int threads) => ThreadCount.With(threads, () =>
        {
            using StoreDesign read = StoreDesign.Read(store, sites, cancellationToken: TestContext.Current.CancellationToken);
            SharedGram gram = read.Design.ComputeGram()!;
            return (gram, StoreDesign.SumGram(store, sites, cancellationToken: TestContext.Current.CancellationToken),
                SharedGramSolver.SolveBlocks(read.Design, gram, read.Order, new SharedGramOptions { LambdaRatio = 0.05 }, cancellationToken: TestContext.Current.CancellationToken));
        });

        (SharedGram Gram, SharedGram Streamed, SharedGramSolution Solution) one = Run(1), four = Run(4);
        using SharedGram first = one.Gram, second = four.Gram, third = one.Streamed, fourth = four.Streamed;
        AssertSame(first, second);
        AssertSame(third, fourth);
        AssertSame(one.Solution.Coefficients, four.Solution.Coefficients);
    }

    [Theory]
    [InlineData("sequential", 0, 1, 2, 3, 4)]
    [InlineData("parallel", 0, 1, 1, 1, 2)]
    public void Sublayers_that_the_model_computes_side_by_side_share_a_place(string sublayers, params int[] places)
    {
        string[] sites = ["resid_pre.0", "attn_z.0", "attn_out.0", "mlp_out.0", "resid_post.0"];
        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling.Last,
            Sites = [.. sites.Select(site => new StoreSite { Name = site, Kind = StoreSiteKind.Sparse, Width = 3 })],
            Provenance = new() { Settings = new Dictionary<string, string> { ["sublayers"] = sublayers } },
        };
        using ActivationStoreReader store = WriteEmpty(manifest);
        using StoreDesign read = StoreDesign.Read(store, sites, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(places, sites.Select(site => read.Order.Blocks.Single(block => block.Name == site).Place));
    }

    [Fact]
    public void Sites_that_are_missing_named_twice_or_without_a_place_are_refused_by_name()
    {
        using ActivationStoreReader store = new FeatureStore(Pooling.Last).Write(_folder.PathOf("store"));
        string Refused(params string[] sites) => Assert.Throws<InputException>(() => StoreDesign.Read(store, sites)).Message;

        Assert.Contains("mlp_out.7", Refused("embed", "mlp_out.7"), StringComparison.Ordinal);
        Assert.Contains("embed", Refused("embed", "mlp_out.0", "embed"), StringComparison.Ordinal);
        Assert.Contains("mlp_out.9", Assert.Throws<InputException>(() => StoreDesign.SumGram(store, ["mlp_out.9"])).Message, StringComparison.Ordinal);
        Assert.Contains("mlp_out.9", Assert.Throws<InputException>(() => StoreDesign.EstimateBytes(store, ["mlp_out.9"])).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => StoreDesign.Read(store, []));
        using ActivationStoreReader odd = WriteEmpty(new() { Pooling = Pooling.Last, Sites = [new() { Name = "somewhere", Kind = StoreSiteKind.Sparse, Width = 3 }] });
        Assert.Contains("somewhere", Assert.Throws<InputException>(() => StoreDesign.Read(odd, ["somewhere"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mlp_out.0")]
    [InlineData("embed")]
    public void A_number_that_is_none_is_refused_with_its_site_row_and_column(string site)
    {
        FeatureStore features = new(Pooling.Last);
        features.Values(site)[37, 2] = float.NaN;
        using ActivationStoreReader store = features.Write(_folder.PathOf("store"));
        string message = Assert.Throws<InputException>(() => StoreDesign.Read(store, ["embed", "mlp_out.0", "resid_post.1"])).Message;
        Assert.Contains($"site {site}: row 37, column 2", message, StringComparison.Ordinal);
        Assert.Contains($"site {site}: row 37, column 2", Assert.Throws<InputException>(() => StoreDesign.SumGram(store, [site])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_stops_when_it_is_told_to_and_says_how_far_it_is()
    {
        using ActivationStoreReader store = new FeatureStore(Pooling.Last).Write(_folder.PathOf("store"));
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => StoreDesign.Read(store, ["mlp_out.0"], cancellationToken: stop.Token));
        Assert.Throws<OperationCanceledException>(() => StoreDesign.Read(store, ["embed"], cancellationToken: stop.Token));
        Assert.Throws<OperationCanceledException>(() => StoreDesign.SumGram(store, ["mlp_out.0"], cancellationToken: stop.Token));
        Recorder recorder = new();
        using StoreDesign read = StoreDesign.Read(store, ["mlp_out.0"], progress: recorder, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(store.RowCount, recorder.Last.Done);
        Assert.True(StoreDesign.EstimateBytes(store, ["mlp_out.0"]) > 16 * read.Design.Entries);
    }

    private static SharedDesign InMemory(FeatureStore features, string[] sites, bool centred)
    {
        int rows = features.Rows.Length;
        float[][] columns = [.. sites.SelectMany(site => Enumerable.Range(0, features.Values(site).GetLength(1)).Select(j => Enumerable.Range(0, rows).Select(row => features.Values(site)[row, j]).ToArray()))];
        using NumPyArray array = NumPyArray.Create<float>(Enumerable.Range(0, rows).SelectMany(row => columns.Select(column => column[row])).ToArray(), rows, columns.Length);
        return SharedDesign.Create(array, centred);
    }

    private static void AssertSame(SharedGram expected, SharedGram actual)
    {
        Assert.Equal(expected.Columns, actual.Columns);
        Assert.Equal(expected.Bytes, actual.Bytes);
        for (int j = 0; j < expected.Columns; j++)
        {
            for (int i = 0; i < expected.Columns; i++)
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(expected[i, j]), BitConverter.SingleToInt32Bits(actual[i, j]));
            }
        }
    }

    private static void AssertSame(CompressedColumns<double> expected, CompressedColumns<double> actual)
    {
        Assert.Equal(expected.ColumnStarts, actual.ColumnStarts);
        Assert.Equal(expected.RowIndices, actual.RowIndices);
        Assert.Equal(expected.Values, actual.Values);
    }

    private ActivationStoreReader WriteEmpty(ActivationStoreManifest manifest)
    {
        string folder = _folder.PathOf(Guid.NewGuid().ToString());
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, manifest, []))
        {
            writer.BeginBatch([new StoreRow(0, 1), new StoreRow(1, 1)]);
            foreach (StoreSite site in manifest.Sites)
            {
                writer.WriteSparse(site.Name, [0, 1, 2], [0, 1], [1, 2]);
            }

            writer.EndBatch();
            writer.Complete();
        }

        return ActivationStoreReader.Open(folder);
    }

    private sealed class Recorder : IProgress<WorkProgress>
    {
        public WorkProgress Last { get; private set; }

        public void Report(WorkProgress value) => Last = value;
    }
}
