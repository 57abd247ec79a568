using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// The paper's formula as it stands: minimise ||H - H A||_F^2 + lambda ||A||_1 over block upper-triangular A, H of one row per text and position (clean and corrupt texts
/// once each) and d columns per component, in the residual stream's own units, one lambda for the whole matrix, every column a Lasso of its own with an intercept.
/// </summary>
/// <remarks>
/// An edge is in the circuit where its block of A is not zero. The paper states neither lambda nor a scaling. lambda is a tenth of the largest at which anything is not
/// zero. Columns scaled to unit deviation were tried and are worse at every lambda: everything is a function of the input, so idle components are explained as well as
/// used ones, and only the units tell them apart. An edge's score is the share of the largest lambda at which its block enters, so a threshold on the scores is a choice
/// of lambda, and the best threshold is the best lambda; edges that enter together are ordered by the Frobenius norm of their blocks at the path's end.
/// </remarks>
internal sealed class LassoPaperDiscovery : IDiscoveryMethod
{
    /// <summary>lambda of the circuit as a share of the largest; one of the path's.</summary>
    public const double LambdaShare = 0.1;

    /// <summary>The path: 49 lambdas from the largest to a thousandth of it.</summary>
    public static LambdaPathOptions Path { get; } = new() { Count = 49, Ratio = 0.001, Solver = new SolverOptions { Tolerance = 1e-4 } };

    // Below the step between two lambdas, so that the order of norms never mixes what enters at different ones.
    private const double NormShare = 0.1;
    private const double Rounding = 1e-9;

    /// <inheritdoc/>
    public string Name => "lasso-paper";

    /// <inheritdoc/>
    public string Description => "the paper's formula as it stands: a Lasso of every component's columns on those of all earlier components";

    /// <inheritdoc/>
    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        task.RequireFits(model);
        Stopwatch watch = Stopwatch.StartNew();
        using ComponentContributions contributions = ContributionCollector.Collect(model, new SampleLayout(task), withPatterns: false, 0, options.MemoryBytes, progress, cancellation);
        double collection = watch.Elapsed.TotalSeconds;
        using ResidualSums sums = new(contributions);
        ReadOnlySpan<float> residual = sums.Before(contributions.Graph.Nodes.Count - 1);
        OutputRows outputs = new(contributions, task, residual);
        using GramStatistics statistics = PaperDesign.Statistics(contributions, outputs, residual, cancellation);
        BlockOrder order = PaperDesign.Order(contributions, outputs.Classes.Length);
        using BlockProblem problem = new(statistics, order, intercept: true, standardize: false);
        LambdaPath path = LambdaPath.Fit(problem, Path, progress: progress, cancellationToken: cancellation);
        EdgeScores scores = Scores(contributions.Graph, order, path, problem.MaximumLambda());
        return new ComponentDiscovery
        {
            Scores = scores,
            InCircuit = EdgeSelection.Prune(scores.Graph, EdgeSelection.AtLeast(scores, (options.RelativeThreshold ?? LambdaShare) * (1 - Rounding))),
            Seconds = new Dictionary<string, double> { ["collection"] = collection, ["regression"] = watch.Elapsed.TotalSeconds - collection },
            Diagnostics = new Dictionary<string, double>
            {
                ["rows"] = statistics.Rows,
                ["columns"] = statistics.Columns,
                ["largest_lambda"] = problem.MaximumLambda(),
                ["missed"] = path.Solutions.Sum(solution => solution.Missed),
                ["gap_max"] = path.Solutions.SelectMany(solution => solution.Certificates).Max(certificate => certificate.RelativeGap),
                ["explained_at_path_end"] = 1 - (path.Solutions[^1].Certificates.Sum(certificate => certificate.Loss) / Math.Max(double.Epsilon, path.Solutions[^1].Certificates.Sum(certificate => certificate.NullLoss))),
            },
        };
    }

    private static EdgeScores Scores(ComponentGraph graph, BlockOrder order, LambdaPath path, double largest)
    {
        double[,] norms = order.BlockNorms(path.Solutions[^1].ScaledCoefficients);
        double most = norms.Cast<double>().Max();
        double[] scores = new double[graph.EdgeCount];
        foreach (EdgeEntry entry in path.Entries().Where(entry => entry.Lambda > 0))
        {
            scores[graph.EdgeIndex(entry.Source, entry.Target)] = entry.Lambda / largest * (1 + (most > 0 ? NormShare * norms[entry.Source, entry.Target] / most : 0));
        }

        return new EdgeScores(graph, scores);
    }
}
