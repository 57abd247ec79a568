using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// All A_ij between adjacent sites of a model of twelve (<c>learn --toward all --lambda-ratio 0.1</c>) on features of real density, made up (<see cref="MadeUpFeatures"/>), beside the solver
/// of the plain problem on the first pair: the same features and targets without errors, without an intercept, with a whole Gram matrix.
/// Options: <c>[--sentences ROWS] [--features N] [--sites N] [--memory MIB] [--threads N]</c>.
/// </summary>
internal static class FeaturePairsBenchmark
{
    private const double Ratio = 0.1;
    private const double Tolerance = 1e-4;

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        string folder = Directory.CreateTempSubdirectory("circuitlasso-bench-").FullName;
        try
        {
            double[] active = MadeUpFeatures.Write(folder, options.Sentences, options.Features, options.Sites);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {options.Sites} sites of {options.Features} features and errors; {options.Sentences} rows, active {active.Min():F0} to {active.Max():F0} a row"));
            using ActivationStoreReader store = ActivationStoreReader.Open(folder);
            Console.WriteLine($"{"",-48}{"seconds",10}{"processor s",14}{"regressions",14}{"non-zeros",14}{"worst gap",12}");
            SharedGramSolution plain = null!;
            Cost rival = Cost.Of(() => plain = Plain(store));
            Row("the plain problem, first pair, Gram included", rival, plain.Certificates.Count, plain.Coefficients.EntryCount, plain.Certificates.Max(certificate => certificate.RelativeGap));
            plain = null!;
            GC.Collect();
            using ResidentMemory memory = new();
            FeatureCircuitOptions how = new() { LambdaRatio = Ratio, Tolerance = Tolerance };
            how = how with { GramBytes = options.MemoryBytes ?? how.GramBytes };
            FeatureCircuitResult found = null!;
            Cost all = Cost.Of(() => found = FeatureCircuitLearner.LearnAll(store, how));
            int pairs = options.Sites - 1;
            Row($"{pairs} pairs with errors", all, found.Circuit.Metrics["regressions"], found.Circuit.Metrics["nonzeros"], found.LargestRelativeGap);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"a pair: {all.Seconds / pairs:F1} s, {all.ProcessorSeconds / pairs:F1} processor s, {all.ProcessorSeconds / pairs / rival.ProcessorSeconds:F2} of the plain problem's; {found.Circuit.Metrics["regressions"] / all.Seconds:F0} features a second; {found.Missed} missed; peak memory {(memory.AnonymousBytes + memory.FileBytes) >> 20} MiB"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static SharedGramSolution Plain(ActivationStoreReader store)
    {
        using SharedDesign design = SharedDesign.Create(Columns(store, "resid_post.0"));
        using SharedGram gram = design.ComputeGram()!;
        return SharedGramSolver.Solve(design, gram, Columns(store, "resid_post.1"), new SharedGramOptions { LambdaRatio = Ratio, Tolerance = Tolerance });
    }

    private static CompressedColumns<float> Columns(ActivationStoreReader store, string site)
    {
        int rows = (int)store.RowCount;
        long[] starts = new long[rows + 1];
        int[] indices = new int[store.CountValues(site, 0, rows)];
        float[] values = new float[indices.Length];
        store.ReadSparseRows(site, 0, rows, starts, indices, values);
        return new CompressedColumns<float>(store.Manifest.FindSite(site)!.Width, starts, indices, values).Transpose();
    }

    private static void Row(string name, Cost cost, double regressions, double nonZeros, double gap) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-48}{cost.Seconds,10:F1}{cost.ProcessorSeconds,14:F1}{regressions,14:F0}{nonZeros,14:F0}{gap,12:E1}"));
}
