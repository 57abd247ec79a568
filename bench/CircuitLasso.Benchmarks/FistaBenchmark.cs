using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// FISTA's iterations against the gap, plain (the paper's) and with restart, beside what Beck and Teboulle's theorem promises of the plain
/// one. Options: <c>--design Z.npy --blocks W,W,...</c>, <c>--lambda-ratio R</c>, <c>--tolerance G</c>, <c>--iterations N</c>, <c>--threads N</c>.
/// </summary>
internal static class FistaBenchmark
{
    private const int IterationsBetweenChecks = 5;

    public static void Run(string[] arguments)
    {
        Dictionary<string, string> options = [];
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            options[arguments[i]] = arguments[i + 1];
        }

        DeterministicParallel.Threads = int.Parse(options.GetValueOrDefault("--threads", "1"), CultureInfo.InvariantCulture);
        double ratio = double.Parse(options.GetValueOrDefault("--lambda-ratio", "0.1"), CultureInfo.InvariantCulture);
        SolverOptions settings = new()
        {
            Tolerance = double.Parse(options.GetValueOrDefault("--tolerance", "1e-6"), CultureInfo.InvariantCulture),
            MaximumIterations = int.Parse(options.GetValueOrDefault("--iterations", "2000"), CultureInfo.InvariantCulture),
        };
        using BlockProblem problem = Read(options["--design"], LassoBenchmark.Blocks(options["--blocks"]));
        L1Penalty penalty = new([.. problem.Targets.Select(target => ratio * problem.MaximumLambda(target))]);
        Curve plain = new(), restarted = new();
        new FistaSolver(new FistaOptions { IterationsBetweenChecks = IterationsBetweenChecks, Progress = plain }).Solve(problem, penalty, settings);
        new FistaSolver(new FistaOptions { Restart = true, IterationsBetweenChecks = IterationsBetweenChecks, Progress = restarted }).Solve(problem, penalty, settings);
        double constant = TheoremConstant(problem, new CoordinateDescentSolver().Solve(problem, penalty, settings));
        Console.WriteLine(FormattableString.Invariant($"{problem.Targets.Count} targets, gap measured every {IterationsBetweenChecks} iterations; the first with every target's relative gap at most:"));
        Console.WriteLine($"{"gap",8}{"plain",10}{"restart",10}{"theorem",10}");
        for (int power = 1; power <= 6; power++)
        {
            double gap = Math.Pow(10, -power);
            Console.WriteLine(FormattableString.Invariant($"{gap,8:E0}{plain.First(gap),10}{restarted.First(gap),10}{Math.Ceiling(constant / Math.Sqrt(gap)) - 1,10}"));
        }
    }

    // Theorem 4.4: F(A(k)) - F* is at most 2 L ||A(0) - A*||^2 / (k + 1)^2 with L = 2 lambda_max(G), here with A(0) = 0, so that a gap of
    // epsilon ||y||^2 takes at most sqrt(2 L ||A*||^2 / (epsilon ||y||^2)) - 1 iterations; the worst target counts.
    private static double TheoremConstant(BlockProblem problem, LassoSolution solution)
    {
        bool[] isSource = new bool[problem.Columns];
        foreach (int target in problem.Targets)
        {
            foreach (ColumnRange range in problem.Allowed(target))
            {
                isSource.AsSpan(range.Start, range.Length).Fill(true);
            }
        }

        double lipschitz = 2 * SymmetricEigenvalues.Largest(problem.Columns, (vector, image) =>
        {
            double[] sources = [.. vector.ToArray().Select((value, i) => isSource[i] ? value : 0)];
            for (int i = 0; i < sources.Length; i++)
            {
                image[i] = isSource[i] ? VectorLoops.Dot(problem.GramRow(i), sources) : 0;
            }
        }).UpperBound;
        double worst = 0;
        foreach (int target in problem.Targets.Where(target => problem.NullLoss(target) > 0))
        {
            ReadOnlySpan<double> weights = solution.ScaledCoefficients.ValuesOf(target);
            worst = Math.Max(worst, VectorLoops.Dot(weights, weights) / problem.NullLoss(target));
        }

        return Math.Sqrt(2 * lipschitz * worst);
    }

    private static BlockProblem Read(string path, BlockOrder order)
    {
        using NumPyArray array = NpyFile.Read(path);
        using GramAccumulator accumulator = new(checked((int)array.Shape[1]));
        accumulator.Add(array.AsSingles());
        using GramStatistics statistics = accumulator.Finish();
        return new BlockProblem(statistics, order, intercept: false);
    }

    // System.Progress reports on other threads and out of order.
    private sealed class Curve : IProgress<FistaProgress>
    {
        private readonly List<FistaProgress> _points = [];

        public void Report(FistaProgress value) => _points.Add(value);

        public string First(double gap)
        {
            int at = _points.FindIndex(point => point.WorstRelativeGap <= gap);
            return at < 0 ? "-" : _points[at].Iteration.ToString(CultureInfo.InvariantCulture);
        }
    }
}
