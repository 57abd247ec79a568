using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// Rates of matrix products on one thread, the project's kernels and OpenBLAS taking turns in one run, and of the parallel product on two.
/// Option: <c>--quick</c> leaves out the products of side 4096.
/// </summary>
internal static class GemmBenchmark
{
    private const int Turns = 5;
    private static readonly TimeSpan _turn = TimeSpan.FromMilliseconds(100);

    // What a product is for: the first a square that shows the kernel's best, the others shapes of GPT-2 and of small models.
    private static readonly (string Use, int M, int N, int K, bool TransposeA, bool TransposeB)[] _shapes =
    [
        ("square", 4096, 4096, 4096, false, false),
        ("square", 1024, 1024, 1024, false, false),
        ("attention in", 512, 768, 768, false, false),
        ("attention in, linear", 512, 768, 768, false, true),
        ("mlp in", 512, 3072, 768, false, false),
        ("mlp weights' gradient", 768, 3072, 512, true, false),
        ("scores of a head", 128, 128, 64, false, true),
        ("values of a head", 128, 64, 128, false, false),
        ("small head, scores", 30, 30, 8, false, true),
        ("small head, values", 30, 8, 30, false, false),
        ("one token", 1, 3072, 768, false, false),
        ("one token, linear", 1, 3072, 768, false, true),
        ("two tokens, linear", 2, 3072, 768, false, true),
        ("eight tokens", 8, 3072, 768, false, false),
        ("unembedding, one token", 1, 50257, 768, false, true),
    ];

    public static void Run(string[] arguments)
    {
        OpenBlasBackend? openBlas = OpenBlasBackend.TryCreate();
        SimdMatrixBackend simd = new();
        Console.WriteLine($"project: {simd.Name}; rival: {openBlas?.Name ?? "none on this system"}; {Environment.ProcessorCount} processors");
        Console.WriteLine($"best batch of {Turns} turns each, GFLOP/s (2 m n k multiplications and additions)");
        Console.WriteLine();
        Console.WriteLine($"{"type",-7}{"use",-24}{"m",6}{"n",7}{"k",6}  {"op",-4}{"project",9}{"OpenBLAS",10}{"ratio",8}{"2 threads",11}{"speed-up",10}");
        bool quick = arguments.Contains("--quick");
        foreach ((string use, int m, int n, int k, bool transposeA, bool transposeB) in _shapes)
        {
            if (!quick || m < 4096)
            {
                Measure<float>(simd, openBlas, use, m, n, k, transposeA, transposeB);
                Measure<double>(simd, openBlas, use, m, n, k, transposeA, transposeB);
            }
        }
    }

    private static void Measure<T>(SimdMatrixBackend simd, OpenBlasBackend? openBlas, string use, int m, int n, int k, bool transposeA, bool transposeB)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Random random = new(1);
        T[] a = [.. Enumerable.Range(0, m * k).Select(_ => T.CreateChecked(random.NextDouble() - 0.5))];
        T[] b = [.. Enumerable.Range(0, k * n).Select(_ => T.CreateChecked(random.NextDouble() - 0.5))];
        T[] c = new T[m * n];
        int lda = transposeA ? m : k;
        int ldb = transposeB ? k : n;
        double flops = 2.0 * m * n * k;
        double project = 0;
        double rival = 0;
        double threads = 0;
        for (int turn = 0; turn < Turns; turn++)
        {
            project = Math.Max(project, Rate(flops, () => Product(simd)));
            rival = openBlas is null ? 0 : Math.Max(rival, Rate(flops, () => Product(openBlas)));
            DeterministicParallel.Threads = 2;
            threads = Math.Max(threads, Rate(flops, Parallel));
        }

        double single = MatrixBackend.Default is OpenBlasBackend ? rival : project;
        string op = (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{typeof(T).Name.ToLowerInvariant(),-7}{use,-24}{m,6}{n,7}{k,6}  {op,-4}{project,9:F1}{rival,10:F1}{(rival > 0 ? project / rival : double.NaN),8:F2}{threads,11:F1}{threads / single,10:F2}"));

        void Product(IMatrixBackend backend)
        {
            if (typeof(T) == typeof(float))
            {
                backend.Gemm(transposeA, transposeB, m, n, k, 1f, (float[])(object)a, lda, (float[])(object)b, ldb, 0f, (float[])(object)c, n);
            }
            else
            {
                backend.Gemm(transposeA, transposeB, m, n, k, 1d, (double[])(object)a, lda, (double[])(object)b, ldb, 0d, (double[])(object)c, n);
            }
        }

        void Parallel()
        {
            if (typeof(T) == typeof(float))
            {
                MatrixProduct.Gemm(transposeA, transposeB, m, n, k, 1f, (float[])(object)a, lda, (float[])(object)b, ldb, 0f, (float[])(object)c, n);
            }
            else
            {
                MatrixProduct.Gemm(transposeA, transposeB, m, n, k, 1d, (double[])(object)a, lda, (double[])(object)b, ldb, 0d, (double[])(object)c, n);
            }
        }
    }

    // The best of the batches of a turn; a batch is about half a millisecond of work, or one product where that is longer.
    private static double Rate(double flops, Action product)
    {
        product();
        int batch = (int)Math.Clamp(2e7 / flops, 1, 10000);
        long start = Stopwatch.GetTimestamp();
        double best = double.PositiveInfinity;
        do
        {
            long before = Stopwatch.GetTimestamp();
            for (int i = 0; i < batch; i++)
            {
                product();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(start) < _turn);
        return flops * batch / best / 1e9;
    }
}
