using System.CommandLine;
using System.Diagnostics;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Cli;

/// <summary><c>solve</c>: the regression engine alone, on files of NumPy and SciPy.</summary>
internal sealed class SolveCommand : ToolCommand
{
    // Fewer targets than this share of the features do not need all of X'X.
    private const int FewTargets = 8;

    private readonly Option<string> _design = new("--design")
    {
        Description = "X, rows x features: a sparse .npz of scipy.sparse.save_npz (csc or csr), or an .npy. It is used as it is, neither centred nor scaled, unless you ask for it.",
        HelpName = "X.npz",
        Required = true,
    };

    private readonly Option<string?> _targets = new("--targets")
    {
        Description = "Y, rows x targets, in the same formats; each column is a regression of its own.",
        HelpName = "Y.npz",
    };

    private readonly Option<string?> _blocks = new("--blocks")
    {
        Description = "Instead of targets: the design's columns are blocks of these widths in computation order, and each column is explained by the blocks before its own.",
        HelpName = "W,W,...",
    };

    private readonly Option<string> _loss = new Option<string>("--loss")
    {
        Description = "squares, or logistic for targets of 0 and 1.",
        HelpName = "LOSS",
        DefaultValueFactory = _ => "squares",
    }.AcceptOnlyFromAmong("squares", "logistic");

    private readonly Option<double?> _lambda = new("--lambda")
    {
        Description = "One lambda for all targets, in the objective ||Y - X A||^2 + lambda ||A||_1 (sums over rows, not means; logistic: sum of log-losses + lambda ||A||_1). Above zero.",
        HelpName = "L",
    };

    private readonly Option<double?> _ratio = new("--lambda-ratio")
    {
        Description = "Instead: lambda of each target as a share of the smallest that leaves it empty (squares: 2 max|X'y|). Above zero.",
        HelpName = "R",
    };

    private readonly Option<int> _path = new Option<int>("--path")
    {
        Description = "Solve at N lambdas, evenly spaced in the logarithm, from the smallest that leaves the targets empty down to the one asked for.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    }.AtLeast(1);

    private readonly Option<double> _tolerance = new("--tolerance")
    {
        Description = "The duality gap to prove for every target, relative to ||y||^2 (logistic: to the loss without features).",
        HelpName = "G",
        DefaultValueFactory = _ => 1e-4,
    };

    private readonly Option<bool> _intercept = new("--intercept") { Description = "Give every regression an intercept, which no penalty holds; a sparse design stays sparse." };

    private readonly Option<bool> _standardize = new("--standardize")
    {
        Description = "Penalise each column by its standard deviation (root mean square without --intercept), as if it were scaled; coefficients come back in the original units.",
    };

    private readonly Option<bool> _nonNegative = new("--non-negative") { Description = "Forbid coefficients below zero." };

    private readonly Option<int> _stability = new Option<int>("--stability")
    {
        Description = "Solve again on N half-samples of the rows, and write how often each coefficient is not zero beside the coefficients, as A.stability.npz.",
        HelpName = "N",
    }.AtLeast(2);

    private readonly Option<int> _seed = new Option<int>("--seed") { Description = "Seed of the half-samples.", HelpName = "S" }.AtLeast(0);

    private readonly Option<string?> _memory = new("--memory")
    {
        Description = "The most memory to use, such as 4GB [default: three quarters of the machine's]. Where X'X does not fit, its columns are computed where they are needed.",
        HelpName = "SIZE",
    };

    private bool _isKept;

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
        foreach (Option option in (Option[])[_design, _targets, _blocks, _loss, _lambda, _ratio, _path, _tolerance, _intercept, _standardize, _nonNegative, _stability, _seed, _memory, _out])
        {
            Add(option);
        }
    }

    /// <inheritdoc/>
    internal override bool Resumes => _isKept;

    /// <inheritdoc/>
    internal override int Run(ParseResult options, CommandContext context)
    {
        SolveRequest request = Request(options);
        request.Check();
        Stopwatch clock = Stopwatch.StartNew();
        SolveMemory memory = new(request);
        CompressedColumns<float>? targets = request.Targets is null ? null : MatrixFile.Read(request.Targets);
        if (targets is not null)
        {
            SharedDesign.CheckFinite(targets, request.Targets!);
            if (request.IsLogistic)
            {
                SharedLogisticSolver.CheckClasses(targets, request.Targets!);
            }
        }

        using SharedDesign design = MatrixFile.ReadDesign(request.Design, request.Intercept && !request.IsLogistic);
        if (targets is not null && targets.RowCount != design.Rows)
        {
            throw new InputException(request.Targets!, $"has {targets.RowCount} rows, and {request.Design} has {design.Rows}", "give the same rows of both");
        }

        BlockOrder? order = targets is null ? request.Order(design.Columns) : null;
        double reading = clock.Elapsed.TotalSeconds;
        int count = targets?.ColumnCount ?? design.Columns;
        long room = memory.Room(design);
        long bytes = design.EstimateGramBytes();
        string gramSize = request.IsLogistic ? "" : FormattableString.Invariant($"; the Gram matrix takes about {Math.Max(1, bytes >> 20):N0} MiB, {room >> 20:N0} MiB are free for it");
        context.Message(FormattableString.Invariant(
            $"{design.Rows:N0} rows, {design.Columns:N0} features ({(double)design.Entries / design.Rows:N1} entries a row), {count:N0} targets{gramSize}"));
        SolveOutcome outcome;
        (CompressedColumns<double> Frequencies, int Missed, double Seconds)? stability = null;
        using (ProgressReport progress = context.StartProgress())
        {
            if (request.IsLogistic)
            {
                outcome = SolveLogistic(request, design, targets!, progress, context.Cancellation);
            }
            else
            {
                SharedGramOptions settings = Squares(request, design, order) with { ColumnBytes = room };
                clock.Restart();
                using SharedGram? gram = design is SparseDesign && count < design.Columns / FewTargets ? null : design.ComputeGram(room, progress, context.Cancellation);
                double computing = clock.Elapsed.TotalSeconds;
                SolveCheckpoint checkpoint = new(request, design.Columns, count);
                try
                {
                    SharedGramSolution solution = order is null
                        ? SharedGramSolver.Solve(design, gram, targets!, settings, checkpoint.Open(context), progress, context.Cancellation)
                        : SharedGramSolver.SolveBlocks(design, gram, order, settings, checkpoint.Open(context), progress, context.Cancellation);
                    outcome = new SolveOutcome(
                        solution.Coefficients, solution.Intercepts, solution.Certificates, computing + solution.CorrelationTime.TotalSeconds, solution.SolvingTime.TotalSeconds)
                    {
                        Gram = gram is not null ? "whole" : "on_demand",
                    };
                    gram?.Dispose();
                    if (request.HalfSamples > 0)
                    {
                        clock.Restart();
                        (CompressedColumns<double> frequencies, int missed) = SharedStability.Run(
                            design, targets!, solution, settings, request.HalfSamples, (ulong)request.Seed, room, progress, context.Cancellation);
                        stability = (frequencies, missed, clock.Elapsed.TotalSeconds);
                    }
                }
                catch (OperationCanceledException)
                {
                    _isKept = checkpoint.Keep();
                    throw;
                }
            }
        }

        outcome.Write(request);
        SolveCheckpoint.Delete(request);
        if (stability is { } found)
        {
            SciPySparseFile.Write(request.StabilityOut, found.Frequencies);
        }

        outcome.Print(context, request, design, reading, stability);
        return outcome.Missed + (stability?.Missed ?? 0) == 0 ? ExitCode.Done : ExitCode.CheckFailed;
    }

    private static SharedGramOptions Squares(SolveRequest request, SharedDesign design, BlockOrder? order)
    {
        double[] factors = request.Standardize ? design.Deviations(request.Intercept) : [];
        SharedGramOptions settings = new()
        {
            Lambda = request.Lambda,
            LambdaRatio = request.LambdaRatio,
            PathLength = request.PathLength,
            Tolerance = request.Tolerance,
            NonNegative = request.NonNegative,
            PenaltyFactors = factors,
        };

        // Where the columns are targets too, they are scaled too: lambda counts in units of their deviation.
        return order is not null && request is { Standardize: true, Lambda: { } lambda }
            ? settings with { Lambda = null, Lambdas = [.. factors.Select(deviation => lambda * deviation)] }
            : settings;
    }

    private static SolveOutcome SolveLogistic(SolveRequest request, SharedDesign design, CompressedColumns<float> targets, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        double last = request.LambdaRatio ?? 1;
        SharedLogisticOptions settings = new()
        {
            Lambda = request.Lambda,
            LambdaRatio = request.Lambda is null ? 1 : null,
            Intercept = request.Intercept,
            PenaltyWeights = request.Standardize ? design.Deviations(request.Intercept) : null,
            Tolerance = request.Tolerance,
        };
        double[] shares = [.. Enumerable.Range(0, request.PathLength).Select(k => request.PathLength == 1 ? last : Math.Pow(last, k / (request.PathLength - 1.0)))];
        Stopwatch clock = Stopwatch.StartNew();
        IReadOnlyList<SharedLogisticSolution> solutions = SharedLogisticSolver.SolvePath(design, targets, settings, shares, progress, cancellationToken);
        double solving = clock.Elapsed.TotalSeconds;
        CompressedColumns<double> coefficients = CompressedColumns<double>.Concatenate([.. solutions.Select(static solution => solution.Coefficients)]);
        return new SolveOutcome(coefficients, [.. solutions.SelectMany(static solution => solution.Intercepts)], [.. solutions.SelectMany(static solution => solution.Certificates)], 0, solving)
        {
            Gram = "none",
        };
    }

    private SolveRequest Request(ParseResult options) => new()
    {
        Design = options.GetRequiredValue(_design),
        Targets = options.GetValue(_targets),
        Blocks = options.GetValue(_blocks),
        Out = options.GetRequiredValue(_out),
        IsLogistic = options.GetValue(_loss) == "logistic",
        Lambda = options.GetValue(_lambda),
        LambdaRatio = options.GetValue(_ratio),
        PathLength = options.GetValue(_path),
        Tolerance = options.GetValue(_tolerance),
        Intercept = options.GetValue(_intercept),
        Standardize = options.GetValue(_standardize),
        NonNegative = options.GetValue(_nonNegative),
        HalfSamples = options.GetValue(_stability),
        Seed = options.GetValue(_seed),
        Memory = options.GetValue(_memory),
    };
}
