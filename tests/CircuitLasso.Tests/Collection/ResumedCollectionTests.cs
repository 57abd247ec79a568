using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class ResumedCollectionTests : IDisposable
{
    private readonly TinyLanguageModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.None)]
    public void An_interrupted_and_resumed_collection_has_the_bytes_of_one_that_ran_through(Pooling pooling)
    {
        // 90 texts in chunks of 7, with shards that do not end where chunks do.
        string text = _tiny.WriteText("texts.txt", TinyLanguageModel.Texts(90));
        CollectionOptions options = _tiny.Options(pooling: pooling) with { Partition = (7, pooling == Pooling.None ? 48 : 10) };
        string whole = _tiny.PathOf("whole");
        _tiny.Collector(text, options).Run(whole);
        Dictionary<string, string> expected = SampleStore.Files(whole);
        Assert.True(ActivationStoreManifest.Read(whole).Shards.Count > 4);

        foreach (int reports in (int[])[1, 2, 3, 5, 8, 12])
        {
            string folder = _tiny.PathOf($"after {reports}");
            Interrupt(text, options, folder, reports);
            Assert.False(ActivationStoreManifest.Read(folder).Complete);
            CollectionResult result = _tiny.Collector(text, options).Run(folder);
            Assert.True(reports < 3 || result.ResumedAtText > 0);
            Assert.Equal(expected, SampleStore.Files(folder));
        }

        // Interrupted again and again.
        string often = _tiny.PathOf("often");
        for (int run = 0; run < 4; run++)
        {
            Interrupt(text, options, often, reports: 3);
        }

        _tiny.Collector(text, options).Run(often);
        Assert.Equal(expected, SampleStore.Files(often));

        // A finished store is left as it is.
        CollectionResult again = _tiny.Collector(text, options).Run(often);
        Assert.Equal((90, 0L), (again.ResumedAtText, again.Tokens));
        Assert.Equal(expected, SampleStore.Files(often));
    }

    [Theory]
    [InlineData(Pooling.Sum)]
    [InlineData(Pooling.None)]
    public void The_number_of_threads_does_not_change_a_byte(Pooling pooling)
    {
        // 700 texts are two chunks of several batches each.
        string text = _tiny.WriteText("texts.txt", TinyLanguageModel.Texts(700));
        Dictionary<string, string> Files(int threads) => ThreadCount.With(threads, () =>
        {
            string folder = _tiny.PathOf($"{threads} threads");
            _tiny.Collector(text, _tiny.Options(pooling: pooling)).Run(folder);
            return SampleStore.Files(folder);
        });
        Dictionary<string, string> expected = Files(1);
        Assert.Equal(expected, Files(2));
        Assert.Equal(expected, Files(3));
    }

    [Fact]
    public void Going_on_with_another_collection_is_refused_with_the_reason()
    {
        string[] texts = TinyLanguageModel.Texts(60);
        string text = _tiny.WriteText("texts.txt", texts);
        CollectionOptions options = _tiny.Options() with { Partition = (7, 10) };
        string folder = _tiny.PathOf("store");
        Interrupt(text, options, folder, reports: 4);
        Dictionary<string, string> before = SampleStore.Files(folder);

        void Refused(string problem, Func<ActivationCollector> collector)
        {
            InputException exception = Assert.Throws<InputException>(() => collector().Run(folder));
            Assert.Equal(folder, exception.Subject);
            Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
            Assert.Equal(before, SampleStore.Files(folder));
        }

        using TinyLanguageModel otherModel = new(seed: 8);
        string tokenizer = _tiny.WriteText("tokenizer.json", [TinyLanguageModel.TokenizerJson(true, [.. TinyLanguageModel.Words[..^1], "we"])]);
        using TinyLanguageModel withoutBeginning = new(beginningToken: false);
        Refused("was made by another model", () => otherModel.Collector(text, options));
        Refused("was made with another tokenizer", () => new ActivationCollector(
            _tiny.Model, _tiny.Folder, Models.Tokenizer.Load(tokenizer), TextSource.Open(text, new TextOptions()), options));
        Refused("bos_policy", () => new ActivationCollector(_tiny.Model, _tiny.Folder, withoutBeginning.Tokenizer, TextSource.Open(text, new TextOptions()), options));
        Refused("was made from another text file", () => _tiny.Collector(_tiny.WriteText("other.txt", texts[1..]), options));
        Refused("pooling", () => _tiny.Collector(text, options with { Pooling = Pooling.Max }));
        Refused("sites", () => _tiny.Collector(text, options with { Sites = _tiny.Options("embed").Sites }));
        Refused("maximum_tokens", () => _tiny.Collector(text, options with { MaximumTokens = 3 }));

        // The same text and model from elsewhere are the same.
        string moved = _tiny.WriteText("moved.txt", texts);
        Assert.Equal(60, _tiny.Collector(moved, options).Run(folder).Rows);
    }

    [Fact]
    public void Texts_that_cannot_be_collected_are_refused()
    {
        string empty = _tiny.WriteText("empty.txt", []);
        Assert.Equal(empty, Assert.Throws<InputException>(() => _tiny.Collector(empty, _tiny.Options())).Subject);
        string oneClass = _tiny.WriteText("one class.tsv", ["yes\tthe cat", "yes\tthe dog"]);
        InputException exception = Assert.Throws<InputException>(() => _tiny.Collector(oneClass, _tiny.Options(), new TextOptions { TextColumn = "2", LabelColumn = "1" }));
        Assert.Equal(oneClass, exception.Subject);
        Assert.Contains("class", exception.Problem, StringComparison.Ordinal);
        string bytes = _tiny.PathOf("bytes.txt");
        File.WriteAllBytes(bytes, [0x74, 0xff, 0xfe, 0x0a]);
        Assert.Equal(bytes, Assert.Throws<InputException>(() => _tiny.Collector(bytes, _tiny.Options())).Subject);
    }

    [Fact]
    public void A_tokenizer_that_does_not_belong_to_the_model_is_refused()
    {
        string folder = Directory.CreateDirectory(_tiny.PathOf("larger")).FullName;
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), TinyLanguageModel.TokenizerJson(true, [.. TinyLanguageModel.Words, "zebra"]));
        ActivationCollector collector = new(
            _tiny.Model, _tiny.Folder, Models.Tokenizer.Load(folder), TextSource.Open(_tiny.WriteText("zebra.txt", ["the zebra"]), new TextOptions()), _tiny.Options());
        InputException exception = Assert.Throws<InputException>(() => collector.Run(_tiny.PathOf("store")));
        Assert.Contains("token id 13 is outside the model's vocabulary of 13", exception.Problem, StringComparison.Ordinal);
    }

    // Cancels after some reports of progress: between two chunks, as Ctrl-C does at the latest.
    private void Interrupt(string text, CollectionOptions options, string folder, int reports)
    {
        using CancellationTokenSource source = new();
        CancelAfter progress = new(reports, source);
        Assert.ThrowsAny<OperationCanceledException>(() => _tiny.Collector(text, options).Run(folder, progress, source.Token));
        Assert.Equal(0, progress.Left);
    }

    private sealed class CancelAfter(int reports, CancellationTokenSource source) : IProgress<WorkProgress>
    {
        public int Left { get; private set; } = reports;

        public void Report(WorkProgress value)
        {
            if (--Left == 0)
            {
                source.Cancel();
            }
        }
    }
}
