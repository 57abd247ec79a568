using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// The whole way from texts to a circuit of features at GPT-2 small's shape: random weights, a random TopK autoencoder of 32,768 features after every layer, features
/// pooled by their mean, the label explained. Seconds of each stage, the share of matrix products, memory. Random weights say nothing about the density of real features.
/// Options: <c>--sentences N --text FILE.tsv [--text-column 4] [--label-column 2] [--tokenizer DIR] [--threads N]</c>.
/// </summary>
internal static class FeatureCollectionBenchmark
{
    private const int TokensPerBatch = 1024;
    private const double RarelyActive = 0.1;

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        string folder = Directory.CreateTempSubdirectory("circuitlasso-bench-").FullName;
        SiteAutoencoder[] autoencoders = [];
        try
        {
            TextSource texts = BenchmarkTexts.Write(folder, options);
            BenchmarkTexts.WriteTokenizer(folder, texts);
            Tokenizer tokenizer = Tokenizer.Load(options.Tokenizer ?? folder);

            // What tells this store's model from another: there are no weights on disk.
            File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "gpt2", "weights": "random, seed 1"}""");
            StageClock clock = new();
            using TransformerModel model = ForwardBenchmark.Gpt2Small();
            autoencoders = RandomAutoencoders.AtEveryLayer(model.Description);
            Stage weights = clock.Lap();
            FeatureProducts products = new(model.Description, autoencoders);
            products.Measure();
            clock.Lap();
            ActivationCollector collector = new(
                model, folder, tokenizer, texts, new CollectionOptions { Sites = [], Autoencoders = autoencoders, Pooling = Pooling.Mean });
            Stage fingerprints = clock.Lap();
            CollectionResult collected = collector.Run(Path.Combine(folder, "store"));
            Stage collection = clock.Lap();
            long peak = PeakBytes();
            using ActivationStoreReader store = ActivationStoreReader.Open(Path.Combine(folder, "store"));
            clock.Lap();
            FeatureCircuitResult label = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "label"));
            Stage learning = clock.Lap();
            FeatureNodeName node = Typical(store);
            clock.Lap();
            FeatureCircuitResult feature = FeatureCircuitLearner.Learn(store, node);
            Stage following = clock.Lap();
            long learningPeak = PeakBytes();
            int[][] ids = [.. texts.ReadRows().Select(row => tokenizer.Encode(row.Text)).OrderBy(row => row.Length)];
            clock.Lap();
            long padded = Forward(model, ids);
            Stage forward = clock.Lap();
            products.Measure();

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {collected.Texts} texts, {collected.Tokens} tokens ({padded} padded); {autoencoders.Length} autoencoders of {RandomAutoencoders.Features} features"));
            Console.WriteLine($"{"stage",-58}{"seconds",10}{"processor s",14}");
            Row("random weights (not part of the work)", weights);
            Row("fingerprints of the autoencoders", fingerprints);
            Row("collection, all of it", collection);
            Row("  model and autoencoders", new Stage(collected.ForwardSeconds, null));
            Row("    the model alone, run again without autoencoders", forward);
            Row("    so encoding, decoding, pooling", new Stage(collected.ForwardSeconds - forward.Seconds, null));
            Row("  so tokenizing and writing the store", new Stage(collection.Seconds - collected.ForwardSeconds, null));
            Row("learning the label", learning);
            Row($"learning {node}", following);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"collection: {collected.Tokens / collection.Seconds:F0} tokens a second; peak memory {peak / (double)(1 << 20):F0} MiB, {learningPeak / (double)(1 << 20):F0} MiB with learning"));
            products.Print(padded, collected, collection, learning);
            PrintDensity(store, autoencoders);
            PrintLearning("label", label);
            PrintLearning(node.ToString(), feature);
        }
        finally
        {
            Array.ForEach(autoencoders, entry => entry.Autoencoder.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Row(string name, Stage stage) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{name,-58}{stage.Seconds,10:F2}{(stage.ProcessorSeconds is { } processor ? processor.ToString("F2", CultureInfo.InvariantCulture) : string.Empty),14}"));

    private static void PrintDensity(ActivationStoreReader store, SiteAutoencoder[] autoencoders)
    {
        IEnumerable<string> rows = autoencoders.Select(entry =>
            (store.CountValues(entry.Site.ToString(), 0, (int)store.RowCount) / (double)store.RowCount).ToString("F0", CultureInfo.InvariantCulture));
        Console.WriteLine($"active features a row, by site: {string.Join(", ", rows)} (random weights: says nothing about trained ones)");
    }

    private static void PrintLearning(string target, FeatureCircuitResult result) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{target}: {(result.Predictable ? "explained" : "not predictable here")}, {result.Circuit.Metrics["regressions"]:F0} regressions, {result.Missed} missed, worst gap {result.LargestRelativeGap:E1}, {result.Circuit.Edges.Count} edges"));

    // The feature of the last site whose share of active rows is closest to a tenth.
    private static FeatureNodeName Typical(ActivationStoreReader store)
    {
        StoreSite site = store.Manifest.Sites.Last(candidate => candidate.Kind == StoreSiteKind.Sparse);
        int rows = (int)store.RowCount;
        int entries = (int)store.CountValues(site.Name, 0, rows);
        int[] indices = new int[entries];
        store.ReadSparseRows(site.Name, 0, rows, new long[rows + 1], indices, new float[entries]);
        int[] active = new int[site.Width];
        foreach (int index in indices)
        {
            active[index]++;
        }

        return new FeatureNodeName(site.Name, Enumerable.Range(0, site.Width).MinBy(feature => Math.Abs(active[feature] - (RarelyActive * rows))));
    }

    // The passes that a collection needs, logits included; returns the padded tokens.
    private static long Forward(TransformerModel model, int[][] ids)
    {
        List<int[][]> batches = [];
        long padded = 0;
        for (int start = 0; start < ids.Length;)
        {
            int count = 1;
            while (start + count < ids.Length && (count + 1) * ids[start + count].Length <= TokensPerBatch)
            {
                count++;
            }

            batches.Add(ids[start..(start + count)]);
            padded += count * ids[start + count - 1].Length;
            start += count;
        }

        DeterministicParallel.For(batches.Count, batch =>
        {
            using IDisposable mode = GradientMode.Disable();
            using TensorScope scope = new();
            model.Forward(new TokenBatch(batches[batch]));
        });
        return padded;
    }

    private static long PeakBytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
