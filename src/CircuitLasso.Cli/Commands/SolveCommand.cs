using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Cli;

/// <summary><c>solve</c>: the regression engine alone, on files of NumPy and SciPy.</summary>
internal sealed class SolveCommand : ToolCommand
{
    private readonly Option<string> _design = new("--design")
    {
        Description = "X, rows x features: a sparse .npz of scipy.sparse.save_npz (csc or csr), or an .npy. It is used as it is, neither centred nor scaled.",
        HelpName = "X.npz",
        Required = true,
    };

    private readonly Option<string> _targets = new("--targets")
    {
        Description = "Y, rows x targets, in the same formats; each column is a regression of its own.",
        HelpName = "Y.npz",
        Required = true,
    };

    private readonly Option<double?> _lambda = new("--lambda")
    {
        Description = "One lambda for all targets, in the objective ||Y - X A||^2 + lambda ||A||_1 (sums over rows, not means). Above zero.",
        HelpName = "L",
    };

    private readonly Option<double?> _ratio = new("--lambda-ratio")
    {
        Description = "Instead: lambda of each target as a share of 2 max|X'y|, the smallest that leaves it empty. Above zero.",
        HelpName = "R",
    };

    private readonly Option<double> _tolerance = new("--tolerance")
    {
        Description = "The duality gap to prove for every target, relative to ||y||^2.",
        HelpName = "G",
        DefaultValueFactory = _ => 1e-4,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The coefficients A, features x targets, as a SciPy .npz in csc format, float64; an older file is replaced.",
        HelpName = "A.npz",
        Required = true,
    };

    /// <summary>Creates the command.</summary>
    internal SolveCommand()
        : base("solve", "Solve many Lasso regressions on one design, with a certificate for each; exit code 3 when one missed its gap.")
    {
        Add(_design);
        Add(_targets);
        Add(_lambda);
        Add(_ratio);
        Add(_tolerance);
        Add(_out);
    }

    /// <inheritdoc/>
    internal override int Run(ParseResult options, CommandContext context)
    {
        SharedGramOptions settings = Settings(options);
        string designPath = options.GetRequiredValue(_design), targetsPath = options.GetRequiredValue(_targets), path = options.GetRequiredValue(_out);
        Stopwatch clock = Stopwatch.StartNew();
        CompressedColumns<float> targets = MatrixFile.Read(targetsPath);
        SharedDesign.CheckFinite(targets, targetsPath);
        using SharedDesign design = MatrixFile.ReadDesign(designPath);
        if (targets.RowCount != design.Rows)
        {
            throw new InputException(targetsPath, $"has {targets.RowCount} rows, and {designPath} has {design.Rows}", "give the same rows of both");
        }

        double reading = Lap(clock);
        long bytes = design.EstimateGramBytes();
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        context.Message(FormattableString.Invariant(
            $"{design.Rows:N0} rows, {design.Columns:N0} features ({(double)design.Entries / design.Rows:N1} entries a row), {targets.ColumnCount:N0} targets; the Gram matrix takes about {Math.Max(1, bytes >> 20):N0} MiB"));
        SharedGramSolution solution;
        double computing;
        using (ProgressReport progress = context.StartProgress())
        {
            using SharedGram gram = design.ComputeGram(memory, progress, context.Cancellation)
                ?? throw new InputException(designPath, $"its Gram matrix takes about {bytes >> 20} MiB, more than the {memory >> 20} MiB of this machine allow", "give fewer columns");
            computing = Lap(clock);
            solution = SharedGramSolver.Solve(design, gram, targets, settings, progress, context.Cancellation);
        }

        SciPySparseFile.Write(path, solution.Coefficients);
        Report(context, path, design, solution, reading, computing);
        return solution.Missed == 0 ? ExitCode.Done : ExitCode.CheckFailed;
    }

    private SharedGramOptions Settings(ParseResult options)
    {
        double? lambda = options.GetValue(_lambda), ratio = options.GetValue(_ratio);
        if (lambda is null == ratio is null)
        {
            throw new InputException("--lambda", lambda is null ? "neither it nor --lambda-ratio is given" : "it and --lambda-ratio are both given", "give one of the two");
        }

        Positive(_lambda.Name, lambda, "at zero nothing is sparse and the answer need not be unique; give a number above zero");
        Positive(_ratio.Name, ratio, "at zero nothing is sparse and the answer need not be unique; give a share of the largest lambda, 0.1 for instance");
        double tolerance = options.GetValue(_tolerance);
        Positive(_tolerance.Name, tolerance, "give a relative duality gap above zero, 1e-4 for instance");
        return new SharedGramOptions { Lambda = lambda, LambdaRatio = ratio, Tolerance = tolerance };
    }

    private static void Positive(string option, double? value, string remedy)
    {
        if (value is { } number && !(number > 0 && double.IsFinite(number)))
        {
            throw new InputException(option, $"{number.ToString(CultureInfo.InvariantCulture)} is not a positive number", remedy);
        }
    }

    private static double Lap(Stopwatch clock)
    {
        double seconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        return seconds;
    }

    private static void Report(CommandContext context, string path, SharedDesign design, SharedGramSolution solution, double reading, double computing)
    {
        double[] gaps = [.. solution.Certificates.Select(static certificate => certificate.RelativeGap).Order()];
        double largest = gaps.Length > 0 ? gaps[^1] : 0, median = gaps.Length > 0 ? gaps[gaps.Length / 2] : 0;
        double gram = computing + solution.CorrelationTime.TotalSeconds, solving = solution.SolvingTime.TotalSeconds;
        context.Print(
            text =>
            {
                text.WriteLine(FormattableString.Invariant($"{path}: {solution.Coefficients.EntryCount:N0} coefficients of {gaps.Length:N0} targets on {design.Columns:N0} features"));
                text.WriteLine(FormattableString.Invariant($"relative gap: largest {largest:E1}, median {median:E1}, {solution.Missed} missed"));
                text.WriteLine(FormattableString.Invariant($"seconds: reading {reading:F2}, Gram {gram:F2}, solving {solving:F2}"));
            },
            json =>
            {
                json.WriteString("out", path);
                json.WriteNumber("targets", gaps.Length);
                json.WriteNumber("features", design.Columns);
                json.WriteNumber("samples", design.Rows);
                json.WriteStartObject("seconds");
                json.WriteNumber("reading", reading);
                json.WriteNumber("gram", gram);
                json.WriteNumber("solving", solving);
                json.WriteEndObject();
                json.WriteNumber("gap_max", largest);
                json.WriteNumber("gap_median", median);
                json.WriteNumber("nonzeros", solution.Coefficients.EntryCount);
                using Process process = Process.GetCurrentProcess();
                json.WriteNumber("peak_bytes", process.PeakWorkingSet64);
                json.WriteNumber("missed", solution.Missed);
            });
    }
}
