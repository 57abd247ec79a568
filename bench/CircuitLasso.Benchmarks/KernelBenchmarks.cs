using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// The loops that the Lasso solvers live on, one thread, at a small and a large size. BenchmarkDotNet warms up, repeats and reports;
/// <c>--quick</c> takes few repetitions in this process.
/// </summary>
public class KernelBenchmarks
{
    private const int SparseColumns = 32768;
    private const int EntriesPerRow = 128;
    private float[][] _gramColumns = [];
    private double[] _sums = [];
    private CompressedColumns<float> _rows = null!;
    private int[] _at = [];
    private double[] _positive = [];
    private double[] _square = [];
    private float[] _design = [];
    private PackedLasso<float> _packed = null!;
    private double _mu;

    /// <summary>n: the length of the columns, the rows of the scatter, the side of the square matrices.</summary>
    [Params(128, 1024)]
    public int Size { get; set; }

    /// <summary>Fixed-seed numbers; the square matrix is X'X of four times as many rows as columns.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        DeterministicParallel.Threads = 1;
        Random random = new(1);
        _gramColumns = [.. Enumerable.Range(0, 4).Select(_ => Numbers(random, Size))];
        _sums = new double[SparseColumns];
        _rows = Sparse(random, Size);
        _at = [.. Enumerable.Range(0, Size)];
        random.Shuffle(_at);
        _design = Numbers(random, 4 * Size * Size);
        _square = new double[Size * Size];
        _positive = new double[Size * Size];
        SymmetricProduct.RankK(4 * Size, Size, 1, _design, Size, 0, _positive, Size);
        _packed = new PackedLasso<float>();
        _packed.Load([.. _positive.Select(value => (float)value)], new double[Size], [.. Numbers(random, Size).Select(value => (double)(Size * value))]);
        _mu = 0.01 * Size;
    }

    /// <summary>y += a x, one float32 column into float64 sums: a column of X'X enters the correlations.</summary>
    [Benchmark]
    public void AddScaledOneColumn() => VectorLoops.AddScaled(0.5, _gramColumns[0], _sums.AsSpan(0, Size));

    /// <summary>The same for four columns at once, so that the sums are read and written once.</summary>
    [Benchmark]
    public void AddScaledFourColumns() =>
        VectorLoops.AddScaled(0.5, _gramColumns[0], -0.5, _gramColumns[1], 0.25, _gramColumns[2], -0.25, _gramColumns[3], _sums.AsSpan(0, Size));

    /// <summary>n sparse rows of 128 entries, in random order, into 32,768 float64 sums: X'y, and a column of a sparse X'X.</summary>
    [Benchmark]
    public void ScatterSparseRows() => SparseRows.AddScaled(_rows, _at, _gramColumns[0], _sums);

    /// <summary>One pass of coordinate descent over a working set of n columns in which nearly every coefficient moves.</summary>
    [Benchmark]
    public int PackedPass()
    {
        // A pass at the lambda of the pass before would find little left to move.
        _mu = 0.03 * Size - _mu;
        return _packed.MinimiseQuadratic(_mu, 0, 1);
    }

    /// <summary>The factorisation of an n x n matrix, its copy included: the exact step on a support of n.</summary>
    [Benchmark]
    public bool CholeskyFactorise()
    {
        _positive.CopyTo(_square, 0);
        return Cholesky.TryFactorise(Size, _square, Size, out _);
    }

    /// <summary>X'X of 4 n rows x n columns, float32 into float64.</summary>
    [Benchmark]
    public void SymmetricRankK() => SymmetricProduct.RankK(4 * Size, Size, 1, _design, Size, 0, _square, Size);

    internal static void Run(string[] arguments)
    {
        ManualConfig config = ManualConfig.Create(DefaultConfig.Instance).WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet.Artifacts"));
        if (arguments.Contains("--quick"))
        {
            config.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        }

        BenchmarkRunner.Run<KernelBenchmarks>(config);
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];

    private static CompressedColumns<float> Sparse(Random random, int rows)
    {
        int[] indices = [.. Enumerable.Range(0, rows).SelectMany(_ =>
        {
            HashSet<int> columns = [];
            while (columns.Count < EntriesPerRow)
            {
                // Squared, so that some features are active far more often than others.
                columns.Add((int)(SparseColumns * Math.Pow(random.NextDouble(), 2)));
            }

            return columns.Order();
        })];
        return new CompressedColumns<float>(SparseColumns, [.. Enumerable.Range(0, rows + 1).Select(row => (long)row * EntriesPerRow)], indices, Numbers(random, indices.Length));
    }
}
