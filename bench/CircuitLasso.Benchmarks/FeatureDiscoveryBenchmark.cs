using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// Seconds of a circuit of features on pairs of texts at GPT-2 small's shape, by regression (collection counted) and by gradients (<c>sfc</c>), as autoencoders after all twelve layers grow.
/// Random weights, so what is found means nothing; what regression explains is made up of features, or there would be nothing to explain. Options: <c>[--pairs N] [--threads N] [--part edges]</c>,
/// the last for what the rival's edges cost as more nodes are kept, and nothing else of it but plain attribution.
/// </summary>
internal static class FeatureDiscoveryBenchmark
{
    private const int Tokens = 12;
    private const int ChangedToken = 3;
    private const int KeptNodes = 100;
    private const int Parents = 3;
    private const string EdgesPart = "edges";
    private static readonly int[] _sizes = [2048, 8192, 32768];
    private static readonly int[] _moreNodes = [100, 400, 1600];

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        using TransformerModel model = ForwardBenchmark.Gpt2Small();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {options.Pairs} pairs of {Tokens} tokens"));
        Console.WriteLine($"{"features",-10}{"",-60}{"seconds",10}{"processor s",14}");
        foreach (int features in _sizes)
        {
            SiteAutoencoder[] autoencoders = RandomAutoencoders.AtEveryLayer(model.Description, features);
            try
            {
                Compare(model, autoencoders, features, options.Pairs, onlyEdges: options.Part == EdgesPart);
            }
            finally
            {
                Array.ForEach(autoencoders, entry => entry.Autoencoder.Dispose());
            }
        }
    }

    private static void Compare(TransformerModel model, SiteAutoencoder[] autoencoders, int features, int pairs, bool onlyEdges)
    {
        string folder = Directory.CreateTempSubdirectory("circuitlasso-bench-").FullName;
        try
        {
            (TextSource texts, Tokenizer tokenizer, BehaviourTask task) = Draw(folder, pairs);
            AutoencoderSites sites = new(model, autoencoders);
            _ = task.Scores(model);
            Cost collecting = Cost.Of(() => new ActivationCollector(
                model, folder, tokenizer, texts, new CollectionOptions { Sites = [], Autoencoders = autoencoders, Pooling = Pooling.None }).Run(Path.Combine(folder, "store")));
            FeatureCircuitResult learnt = null!;
            using ActivationStoreReader store = ActivationStoreReader.Open(Path.Combine(folder, "store"));
            LearningTarget target = MadeUp(store, 2 * pairs);
            Cost learning = Cost.Of(() => learnt = FeatureCircuitLearner.Learn(store, target, new FeatureCircuitOptions { KeepPositions = true }));
            Cost lasso = collecting.With(learning);
            Row(features, "CircuitLasso: collecting features of every token", collecting);
            Row(features, $"CircuitLasso: learning, {learnt.Circuit.Metrics["regressions"]:F0} regressions, {learnt.Circuit.Edges.Count} edges", learning);
            FeatureEffects effects = null!;
            Cost attribution = Cost.Of(() => effects = new FeaturePatcher(sites, task).IntegratedGradients(steps: 1));
            Row(features, "sfc: nodes by plain attribution", attribution);
            if (onlyEdges)
            {
                foreach (int kept in _moreNodes)
                {
                    SparseFeatureCircuit found = null!;
                    Cost all = Cost.Of(() => found = SparseFeatureCircuits.Discover(new FeaturePatcher(sites, task), Keeping(effects, kept, steps: 1)));
                    Row(features, $"sfc: edges between {kept} nodes, {found.BackwardPasses} backward passes", all, less: attribution);
                }

                return;
            }

            Cost integrated = Cost.Of(() => effects = new FeaturePatcher(sites, task).IntegratedGradients());
            Row(features, "sfc: nodes by integrated gradients, 10 points", integrated);
            Cost circuit = Cost.Of(() => SparseFeatureCircuits.Discover(new FeaturePatcher(sites, task), Keeping(effects, KeptNodes, new SparseFeatureCircuitOptions().Steps)));
            Row(features, $"sfc: the same, and edges between the {KeptNodes} strongest", circuit);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{features,-10}sfc / CircuitLasso by processor: nodes {integrated.ProcessorSeconds / lasso.ProcessorSeconds:F1}, by attribution {attribution.ProcessorSeconds / lasso.ProcessorSeconds:F1}, nodes and edges {circuit.ProcessorSeconds / lasso.ProcessorSeconds:F1}"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Random words; the twin has another one at one place. What is asked of the model is a difference of two logits at the end.
    private static (TextSource Texts, Tokenizer Tokenizer, BehaviourTask Task) Draw(string folder, int pairs)
    {
        RandomSource random = new(7);
        string[][] texts = [.. Enumerable.Range(0, pairs).SelectMany(_ =>
        {
            string[] clean = [.. Enumerable.Range(0, Tokens).Select(_ => "w" + random.NextInt32(1000))];
            string[] corrupt = [.. clean];
            corrupt[ChangedToken] = "v" + random.NextInt32(1000);
            return new[] { clean, corrupt };
        })];
        string path = Path.Combine(folder, "texts.txt");
        File.WriteAllLines(path, texts.Select(words => string.Join(' ', words)));
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "gpt2", "weights": "random, seed 1"}""");
        TextSource source = TextSource.Open(path, new TextOptions());
        BenchmarkTexts.WriteTokenizer(folder, source);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        int[][] ids = [.. texts.Select(words => tokenizer.Encode(string.Join(' ', words)))];
        BehaviourTask task = new("random", Enumerable.Range(0, pairs).Select(pair => new BehaviourText(
            pair, ids[2 * pair], ids[(2 * pair) + 1], [new BehaviourTerm(Tokens - 1, 1, 1), new BehaviourTerm(Tokens - 1, 2, -1)])));
        return (source, tokenizer, task);
    }

    // The sum of the features of the last site that are active at the end of most nearly a quarter of the texts.
    private static LearningTarget MadeUp(ActivationStoreReader store, int texts)
    {
        StoreSite site = store.Manifest.Sites.Last(candidate => candidate.Kind == StoreSiteKind.Sparse);
        int rows = (int)store.RowCount;
        long[] starts = new long[rows + 1];
        int[] indices = new int[store.CountValues(site.Name, 0, rows)];
        float[] values = new float[indices.Length];
        store.ReadSparseRows(site.Name, 0, rows, starts, indices, values);
        int[] active = new int[site.Width];
        IEnumerable<(int Text, int At)> Ends() => Enumerable.Range(0, texts).SelectMany(text =>
            Enumerable.Range((int)starts[((text + 1) * Tokens) - 1], (int)(starts[(text + 1) * Tokens] - starts[((text + 1) * Tokens) - 1])).Select(at => (text, at)));
        foreach ((_, int at) in Ends())
        {
            active[indices[at]]++;
        }

        HashSet<int> chosen = [.. Enumerable.Range(0, site.Width).OrderBy(feature => Math.Abs(active[feature] - (texts / 4))).Take(Parents)];
        double[] numbers = new double[texts];
        foreach ((int text, int at) in Ends().Where(end => chosen.Contains(indices[end.At])))
        {
            numbers[text] += values[at];
        }

        return LearningTarget.Behaviour("made up", numbers, isAtEnd: true);
    }

    private static SparseFeatureCircuitOptions Keeping(FeatureEffects effects, int nodes, int steps) =>
        new() { Steps = steps, NodeThreshold = effects.Values.Values.Select(Math.Abs).OrderDescending().ElementAt(nodes), EdgeThreshold = 0 };

    private static void Row(int features, string name, Cost cost, Cost? less = null) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{features,-10}{name,-60}{cost.Seconds - (less?.Seconds ?? 0),10:F2}{cost.ProcessorSeconds - (less?.ProcessorSeconds ?? 0),14:F2}"));
}
