using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// A whole collection of components (reading, tokenizing, hooks, pooling, log-probabilities, writing the store) against the forward passes alone, with their logits, over
/// the same texts in batches of the same size. Options: <c>--model DIR --text FILE [--text-column N] [--threads N]</c>.
/// </summary>
internal static class CollectBenchmark
{
    private const int Turns = 3;
    private const int TokensPerBatch = 1024;

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        string folder = options.Model ?? throw new ArgumentException("collect needs --model DIR");
        using TransformerModel model = ModelCheckpoint.Load(folder);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        TextSource text = TextSource.Open(options.Text ?? throw new ArgumentException("collect needs --text FILE"), new TextOptions { TextColumn = options.TextColumn });
        int[][] ids = [.. text.ReadRows().Select(row => tokenizer.Encode(row.Text)).Select(row => row[..Math.Min(row.Length, model.Description.MaximumPositions)]).OrderBy(row => row.Length)];
        double collect = double.MaxValue;
        double forward = double.MaxValue;
        CollectionResult result = null!;
        for (int turn = 0; turn < Turns; turn++)
        {
            forward = Math.Min(forward, Seconds(() => Forward(model, ids)));
            string store = Directory.CreateTempSubdirectory("circuitlasso-bench-").FullName;
            collect = Math.Min(collect, Seconds(() => result = new ActivationCollector(
                model, folder, tokenizer, text, new CollectionOptions { Sites = CollectionOptions.ComponentSites(model.Description) }).Run(Path.Combine(store, "store"))));
            Directory.Delete(store, recursive: true);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {text.RowCount} texts, {result.Tokens} tokens; best of {Turns} turns"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"forward passes alone   {forward,8:F2} s"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"collect                {collect,8:F2} s   {collect / forward:F2} times the forward passes"));
    }

    private static void Forward(TransformerModel model, int[][] ids)
    {
        List<int[][]> batches = [];
        for (int start = 0; start < ids.Length;)
        {
            int count = 1;
            while (start + count < ids.Length && (count + 1) * ids[start + count].Length <= TokensPerBatch)
            {
                count++;
            }

            batches.Add(ids[start..(start + count)]);
            start += count;
        }

        DeterministicParallel.For(batches.Count, batch =>
        {
            using IDisposable mode = GradientMode.Disable();
            using TensorScope scope = new();
            model.Forward(new TokenBatch(batches[batch]));
        });
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
