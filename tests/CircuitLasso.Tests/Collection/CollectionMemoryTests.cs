using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class CollectionMemoryTests : IDisposable
{
    private readonly TinyLanguageModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Less_memory_makes_smaller_batches_that_fit()
    {
        string text = _tiny.WriteText("texts.txt", TinyLanguageModel.Texts(300));
        CollectionOptions options = _tiny.Options(pooling: Pooling.None) with { Partition = (50, 64) };
        ActivationCollector free = _tiny.Collector(text, options);
        Assert.Contains("at most 1024 padded tokens", free.Manifest.Provenance.BatchPartition, StringComparison.Ordinal);
        long limit = free.MemoryBytes * 3 / 4;
        ActivationCollector bound = _tiny.Collector(text, options with { MemoryBytes = limit });
        Assert.InRange(bound.MemoryBytes, 1, limit);
        bound.Run(_tiny.PathOf("bound"));
        free.Run(_tiny.PathOf("free"));
        Assert.Equal(ActivationStoreManifest.Read(_tiny.PathOf("free")).Rows, ActivationStoreManifest.Read(_tiny.PathOf("bound")).Rows);
        InputException exception = Assert.Throws<InputException>(() => _tiny.Collector(text, options with { MemoryBytes = 1 << 12 }));
        Assert.Equal("--memory", exception.Subject);
        Assert.Contains("0 MiB are too few: this collection takes ", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void One_batch_at_a_time_gives_the_bytes_of_many_at_once()
    {
        string text = _tiny.WriteText("texts.txt", TinyLanguageModel.Texts(200));
        BatchPartition batches = new(100, 64);
        CollectionOptions options = _tiny.Options(pooling: Pooling.Sum) with { Batches = batches };
        Dictionary<string, string> Files(string name, long? memory) => ThreadCount.With(4, () =>
        {
            _tiny.Collector(text, options with { MemoryBytes = memory }).Run(_tiny.PathOf(name));
            return SampleStore.Files(_tiny.PathOf(name));
        });
        long one = ThreadCount.With(4, () => Memory(options).Bytes(batches, 1));
        Assert.Equal((batches, 1), ThreadCount.With(4, () => Memory(options with { MemoryBytes = one }).Choose()));
        Assert.Equal(Files("many", null), Files("one", one));
    }

    [Fact]
    public void A_store_that_is_gone_on_with_keeps_its_batches_whatever_memory_is_allowed()
    {
        string text = _tiny.WriteText("texts.txt", TinyLanguageModel.Texts(120));
        CollectionOptions options = _tiny.Options(pooling: Pooling.Mean) with { Partition = (7, 10) };
        string whole = _tiny.PathOf("whole");
        _tiny.Collector(text, options with { Batches = new BatchPartition(7, 64) }).Run(whole);
        string folder = _tiny.PathOf("resumed");
        Assert.Null(BatchPartition.OfStore(folder));
        using CancellationTokenSource stop = new();
        int reports = 0;
        Reports progress = new(() =>
        {
            if (++reports == 6)
            {
                stop.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(() => _tiny.Collector(text, options with { Batches = new BatchPartition(7, 64) }).Run(folder, progress, stop.Token));
        Assert.Equal(new BatchPartition(7, 64), BatchPartition.OfStore(folder));
        _tiny.Collector(text, options with { MemoryBytes = 1L << 40, Batches = BatchPartition.OfStore(folder) }).Run(folder);
        Assert.Equal(SampleStore.Files(whole), SampleStore.Files(folder));
    }

    [Fact]
    public void The_words_of_a_partition_are_read_back_and_others_are_not()
    {
        BatchPartition partition = new(512, 1024);
        Assert.Equal("chunks of 512 texts, by length into batches of at most 1024 padded tokens", partition.ToString());
        Assert.Equal(partition, BatchPartition.Parse(partition.ToString()));
        foreach (string? words in (string?[])[null, "", "16 texts", partition + " ", "chunks of 0 texts, by length into batches of at most 5 padded tokens", "chunks of 99999999999 texts, by length into batches of at most 5 padded tokens"])
        {
            Assert.Null(BatchPartition.Parse(words));
        }
    }

    [Fact]
    public void The_estimate_of_few_texts_counts_their_tokens_and_products()
    {
        string[] texts = TinyLanguageModel.Texts(40);
        string text = _tiny.WriteText("texts.txt", texts);
        WorkEstimate estimate = _tiny.Collector(text, _tiny.Options()).Estimate();
        int[] lengths = [.. texts.Select(line => _tiny.Tokenizer.Encode(line).Length)];
        Assert.Equal(lengths.Sum(), estimate.Tokens);

        // Two layers of width 12 with a hidden layer of 20, the scores and the mix of attention, and 13 outputs; two operations an entry.
        Assert.Equal(lengths.Sum(p => 2.0 * p * ((2 * ((4 * 12 * 12) + (2 * 12 * 20) + (2 * 12 * p))) + (12 * 13))), estimate.Operations, 1e-6);
        Assert.StartsWith("less than a second of matrix products at 2 GFLOP/s", estimate.Time(2e9), StringComparison.Ordinal);
        Assert.StartsWith("at least 5.0 min", new WorkEstimate(1, 3e11).Time(1e9), StringComparison.Ordinal);
    }

    private CollectionMemory Memory(CollectionOptions options) =>
        new(_tiny.Model, [.. options.Sites.Select(site => ActivationRunner.Width(_tiny.Model.Description, site))], options, TinyLanguageModel.MaximumPositions);

    private sealed class Reports(Action report) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => report();
    }
}
