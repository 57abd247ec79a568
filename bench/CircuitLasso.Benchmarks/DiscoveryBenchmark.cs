using System.Diagnostics;
using System.Globalization;
using CircuitLasso.InterpBench;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// Circuit discovery: the regressions against EAP with integrated gradients, on the same texts, from the model to the circuit, collection of activations counted. Over the
/// synthetic cases with known circuits, and on a model of GPT-2 small's shape with random weights.
/// </summary>
internal static class DiscoveryBenchmark
{
    private const string Rival = "eap-ig";
    private const int WarmUpSamples = 20;
    private static readonly string[] _methods = [Rival, "lasso", "lasso-nonlinear"];

    private static readonly (string Name, int Pairs, int Tokens, int Templates, int Answers)[] _shapes =
    [
        ("agreement-16", 64, 16, 4, 2),
        ("agreement-48", 32, 48, 4, 2),
        ("random-16", 64, 16, 0, 2),
        ("names-16", 64, 16, 4, 100),
    ];

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        if (!arguments.Contains("--threads"))
        {
            DeterministicParallel.Threads = 1;
        }

        Console.WriteLine($"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; EAP-IG of {new DiscoveryOptions().Steps} steps; median of {options.Turns} turns, seconds");
        if (options.Part is null or "cases")
        {
            Cases(options);
        }

        foreach ((string name, int pairs, int tokens, int templates, int answers) in _shapes)
        {
            if (options.Part is null || options.Part == name)
            {
                Gpt2(options, name, pairs, tokens, templates, answers);
            }
        }
    }

    private static void Cases(Options options)
    {
        ModelSet models = ModelSet.Embedded(options.Set);
        double[] sums = new double[_methods.Length];
        double[] processor = new double[_methods.Length];
        double[] ratios = new double[_methods.Length];
        string[] cases = [.. models.Cases.Where(name => name != "ioi")];
        Header($"{options.Set}, {options.Samples} inputs");
        foreach (string name in cases)
        {
            using KnownModel model = models.Open(name);
            DiscoveryTask warmUp = KnownCircuitTask.Draw(model.Program, WarmUpSamples, 0);
            DiscoveryTask task = KnownCircuitTask.Draw(model.Program, options.Samples, 0);
            Measured[] measured = Measure((model.Model, warmUp), model.Model, task, options.Turns);
            Row($"case {name}", measured);
            for (int method = 0; method < _methods.Length; method++)
            {
                sums[method] += measured[method].Seconds;
                processor[method] += measured[method].ProcessorSeconds;
                ratios[method] += Math.Log(measured[0].Seconds / measured[method].Seconds);
            }
        }

        Row("mean", [.. sums.Select((sum, method) => new Measured(sum / cases.Length, processor[method] / cases.Length, new Dictionary<string, double>()))]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"geometric mean of the cases' ratios: {Math.Exp(ratios[1] / cases.Length):F2}"));
    }

    private static void Gpt2(Options options, string name, int pairs, int tokens, int templates, int answers)
    {
        Header($"GPT-2 small's shape, random weights, {name}: {pairs} pairs of {tokens} tokens, {answers} answers");
        using TransformerModel model = ForwardBenchmark.Gpt2Small();
        using TransformerModel tiny = ForwardBenchmark.Gpt2Small(2, 2);
        DiscoveryTask task = Task(model, name, pairs, tokens, templates, answers);
        Measured[] measured = Measure((tiny, Task(tiny, "warm-up", WarmUpSamples, 48, templates, answers)), model, task, options.Turns);
        Row(name, measured);
        for (int method = 0; method < _methods.Length; method++)
        {
            Console.WriteLine($"    {_methods[method]}: " + string.Join(", ", measured[method].Parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Key} {part.Value:F2}"))));
        }
    }

    // Median seconds of every method; the methods take turns, so that what else the machine does hits all of them.
    private static Measured[] Measure((TransformerModel Model, DiscoveryTask Task) warmUp, TransformerModel model, DiscoveryTask task, int turns)
    {
        IDiscoveryMethod[] methods = [.. _methods.Select(DiscoveryMethods.Named)];
        DiscoveryOptions options = new();
        foreach (IDiscoveryMethod method in methods)
        {
            method.Discover(warmUp.Model, warmUp.Task, options);
        }

        List<Measured>[] runs = [.. methods.Select(_ => new List<Measured>())];
        for (int turn = 0; turn < turns; turn++)
        {
            for (int method = 0; method < methods.Length; method++)
            {
                GC.Collect();
                TimeSpan processor = Environment.CpuUsage.TotalTime;
                long start = Stopwatch.GetTimestamp();
                ComponentDiscovery found = methods[method].Discover(model, task, options);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                runs[method].Add(new Measured(seconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds, found.Seconds));
            }
        }

        return [.. runs.Select(byTurn => new Measured(
            Median(byTurn.Select(run => run.Seconds)), Median(byTurn.Select(run => run.ProcessorSeconds)), byTurn.OrderBy(run => run.Seconds).ElementAt(byTurn.Count / 2).Parts))];

        static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);
    }

    // Pairs like those of indirect-object identification: a template of fixed tokens with two names, a place, one of the names again, and an object; the corrupt text has three
    // other names. The answers are the two names, or one of two words that are the same for all pairs. Without templates every token is random, and the corrupt text has another second half.
    private static DiscoveryTask Task(TransformerModel model, string name, int pairs, int tokens, int templates, int answers)
    {
        const int names = 100;
        const int things = 20;
        RandomSource random = new(5);
        int vocabulary = model.Description.VocabularySize;
        int Any() => random.NextInt32(vocabulary);
        int[] pool = [.. Enumerable.Range(0, names + (2 * things)).Select(_ => Any())];
        int[][] fixedTokens = [.. Enumerable.Range(0, templates).Select(_ => Enumerable.Range(0, tokens).Select(_ => Any()).ToArray())];
        int[][] clean = new int[pairs][];
        int[][] corrupt = new int[pairs][];
        int[] correct = new int[pairs];
        int[] wrong = new int[pairs];
        for (int pair = 0; pair < pairs; pair++)
        {
            int[] drawn = [.. Enumerable.Range(0, 5).Select(_ => pool[random.NextInt32(names)])];
            clean[pair] = templates > 0 ? [.. fixedTokens[pair % templates]] : [.. Enumerable.Range(0, tokens).Select(_ => Any())];
            corrupt[pair] = [.. clean[pair]];
            if (templates > 0)
            {
                int place = pool[names + random.NextInt32(things)];
                int thing = pool[names + things + random.NextInt32(things)];
                Fill(clean[pair], drawn[0], drawn[1], place, drawn[1], thing);
                Fill(corrupt[pair], drawn[2], drawn[3], place, drawn[4], thing);
            }
            else
            {
                for (int position = tokens / 2; position < tokens; position++)
                {
                    corrupt[pair][position] = Any();
                }
            }

            (correct[pair], wrong[pair]) = answers == 2 ? (pool[pair % 2], pool[(pair + 1) % 2]) : (drawn[0], drawn[1]);
        }

        return DiscoveryTask.OfAnswers(name, clean, corrupt, correct, wrong);

        void Fill(int[] text, int first, int second, int place, int again, int thing)
        {
            text[tokens / 8] = first;
            text[tokens / 4] = second;
            text[tokens / 2] = place;
            text[tokens * 5 / 8] = again;
            text[tokens * 7 / 8] = thing;
        }
    }

    private static void Header(string what)
    {
        Console.WriteLine();
        Console.WriteLine(what);
        Console.WriteLine($"{"",-16}" + string.Concat(_methods.Select(method => $"{method,16}")) + $"{_methods[1] + " faster",14}{"by processor",14}{"nonlinear / linear",20}");
    }

    private static void Row(string name, Measured[] measured) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-16}{measured[0].Seconds,16:F3}{measured[1].Seconds,16:F3}{measured[2].Seconds,16:F3}{measured[0].Seconds / measured[1].Seconds,14:F2}")
        + string.Create(
            CultureInfo.InvariantCulture, $"{measured[0].ProcessorSeconds / measured[1].ProcessorSeconds,14:F2}{measured[2].Seconds / measured[1].Seconds,20:F2}"));

    private sealed record Measured(double Seconds, double ProcessorSeconds, IReadOnlyDictionary<string, double> Parts);
}
