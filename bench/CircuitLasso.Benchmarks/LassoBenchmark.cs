using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// The Lasso engine without files in the way: X'X and the targets, timed again and again in one process, the first time apart, because there
/// the just-in-time compiler works too. Options: <c>--design X.npz</c>, and <c>--targets Y.npz</c> or <c>--blocks W,W,...</c> (widths of the
/// design's blocks), <c>--lambda-ratio R</c>, <c>--turns N</c>, <c>--threads N</c>, <c>--path N</c>.
/// </summary>
internal static class LassoBenchmark
{
    public static void Run(string[] arguments)
    {
        Dictionary<string, string> options = [];
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            options[arguments[i]] = arguments[i + 1];
        }

        DeterministicParallel.Threads = int.Parse(options.GetValueOrDefault("--threads", "1"), CultureInfo.InvariantCulture);
        int turns = int.Parse(options.GetValueOrDefault("--turns", "7"), CultureInfo.InvariantCulture);
        SharedGramOptions settings = new()
        {
            LambdaRatio = double.Parse(options.GetValueOrDefault("--lambda-ratio", "0.1"), CultureInfo.InvariantCulture),
            PathLength = int.Parse(options.GetValueOrDefault("--path", "1"), CultureInfo.InvariantCulture),
        };
        using SharedDesign design = SharedDesign.Create(Read(options["--design"]), options["--design"]);
        CompressedColumns<float>? targets = options.TryGetValue("--targets", out string? path) ? Read(path) : null;
        List<double> grams = [], solves = [];
        SharedGramSolution? solution = null;
        for (int turn = 0; turn < turns; turn++)
        {
            Stopwatch clock = Stopwatch.StartNew();
            using SharedGram gram = design.ComputeGram()!;
            grams.Add(clock.Elapsed.TotalSeconds);
            solution = targets is null ? SharedGramSolver.SolveBlocks(design, gram, Blocks(options["--blocks"]), settings) : SharedGramSolver.Solve(design, gram, targets, settings);
            grams[^1] += solution.CorrelationTime.TotalSeconds;
            solves.Add(solution.SolvingTime.TotalSeconds);
        }

        int count = targets is null ? solution!.Certificates.Count(static certificate => certificate.Lambda > 0) : targets.ColumnCount;
        Console.WriteLine(FormattableString.Invariant($"{count} targets, {solution!.Coefficients.EntryCount / (double)count:F1} coefficients a target, worst relative gap {solution.Certificates.Max(static certificate => certificate.RelativeGap):E1}, {solution.Missed} missed"));
        Console.WriteLine(FormattableString.Invariant($"Gram: first {grams[0]:F4} s, then median {Median(grams):F4} s, best {grams.Min():F4} s"));
        Console.WriteLine(FormattableString.Invariant($"solving: first {solves[0]:F4} s ({1000 * solves[0] / count:F4} ms a target), then median {Median(solves):F4} s ({1000 * Median(solves) / count:F4} ms a target), best {solves.Min():F4} s"));
    }

    private static double Median(List<double> seconds)
    {
        double[] later = [.. seconds.Skip(1).DefaultIfEmpty(seconds[0]).Order()];
        return later[later.Length / 2];
    }

    internal static BlockOrder Blocks(string widths)
    {
        List<RegressionBlock> blocks = [];
        int first = 0;
        foreach (string width in widths.Split(','))
        {
            int columns = int.Parse(width, CultureInfo.InvariantCulture);
            blocks.Add(new RegressionBlock($"block {blocks.Count}", first, columns, blocks.Count));
            first += columns;
        }

        return new BlockOrder(blocks);
    }

    private static CompressedColumns<float> Read(string path)
    {
        if (path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            return SciPySparseFile.Read<float>(path);
        }

        using NumPyArray array = NpyFile.Read(path);
        int rows = checked((int)array.Shape[0]), columns = checked((int)array.Shape[1]);
        float[] values = array.AsSingles(), transposed = new float[values.Length];
        int[] indices = new int[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            int at = ((i % columns) * rows) + (i / columns);
            (transposed[at], indices[at]) = (values[i], i / columns);
        }

        return new CompressedColumns<float>(rows, [.. Enumerable.Range(0, columns + 1).Select(j => (long)j * rows)], indices, transposed);
    }
}
