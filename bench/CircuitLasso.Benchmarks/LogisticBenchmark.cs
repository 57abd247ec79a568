using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// l1-penalised logistic regression on files, without an intercept and on one thread: milliseconds for all targets the first time and steadily
/// (the median and the best), and the coefficients. The rival runs beside it in <c>bench/logistic.py</c>.
/// </summary>
internal static class LogisticBenchmark
{
    public static void Run(string[] arguments)
    {
        string design = "", targets = "", output = "";
        double ratio = 0.1;
        int repetitions = 31;
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--design":
                    design = value;
                    break;
                case "--targets":
                    targets = value;
                    break;
                case "--out":
                    output = value;
                    break;
                case "--lambda-ratio":
                    ratio = double.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--repetitions":
                    repetitions = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                default:
                    throw new ArgumentException($"unknown option {arguments[i]}");
            }
        }

        DeterministicParallel.Threads = 1;
        using SharedDesign x = SharedDesign.Create(SciPySparseFile.Read<float>(design));
        CompressedColumns<float> y = SciPySparseFile.Read<float>(targets);
        SharedLogisticOptions options = new() { LambdaRatio = ratio };
        double[] milliseconds = new double[repetitions];
        SharedLogisticSolution? solution = null;
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            solution = SharedLogisticSolver.Solve(x, y, options);
            milliseconds[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        double first = milliseconds[0];
        Array.Sort(milliseconds);
        TargetCertificate worst = solution!.Certificates.MaxBy(certificate => certificate.RelativeGap);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"first {first:F2} ms, median {milliseconds[repetitions / 2]:F2} ms, best {milliseconds[0]:F2} ms, {solution.Coefficients.EntryCount} non-zeros, worst gap {worst.RelativeGap:E1} after {worst.Iterations} Newton steps, {solution.Missed} missed"));
        if (output.Length > 0)
        {
            SciPySparseFile.Write(output, solution.Coefficients);
        }
    }
}
