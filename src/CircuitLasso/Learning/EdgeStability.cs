using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>How often each edge comes back when the regressions are solved again on half-samples of the rows.</summary>
internal sealed class EdgeStability
{
    /// <summary>Folds that half-samples are put together from: 184,756 different halves.</summary>
    public const int Folds = 20;

    private readonly StabilitySelection _matrix;
    private readonly StabilitySelection? _target;

    private EdgeStability(StabilitySelection matrix, StabilitySelection? target) => (_matrix, _target) = (matrix, target);

    /// <summary>Solves, over all half-samples and regressions, that missed their gap.</summary>
    public int Missed => _matrix.Missed + (_target?.Missed ?? 0);

    /// <summary>Solves the half-samples.</summary>
    /// <param name="gathered">The rows; of a numeric target, its column comes last in the statistics.</param>
    /// <param name="groups">The rows that stay together, or null.</param>
    /// <param name="order">The blocks of the matrix's regression.</param>
    /// <param name="lambda">Its lambda on all rows.</param>
    /// <param name="target">What the target's own regression fits, or null.</param>
    /// <param name="targetLambda">The lambda of that regression, in the units of the target as it is.</param>
    /// <param name="options">How.</param>
    /// <param name="subject">What the rows are called in errors.</param>
    /// <param name="progress">Told about half-samples done.</param>
    /// <param name="cancellation">Stops between regressions.</param>
    public static EdgeStability Measure(
        GatheredStatistics gathered, RowGroups? groups, BlockOrder order, double lambda, LearningTarget? target, double targetLambda, LearningOptions options, string subject, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        FoldAssignment assignment = groups is null ? FoldAssignment.ForRows(gathered.Folds.All.Rows, Folds) : FoldAssignment.ForGroups(groups, Folds);
        using FoldedGramStatistics folds = gathered.Deal(assignment, target?.Numbers, subject, cancellation);
        StabilityOptions stability = new()
        {
            Pairs = options.StabilityPairs,
            Seed = options.Seed,
            Standardize = options.Standardize,
            Solver = new SolverOptions { Tolerance = options.Tolerance },
        };
        StabilitySelection matrix = StabilitySelection.Run(folds, order, new L1Penalty(lambda), stability, null, progress, cancellation);
        if (target?.Numbers is null)
        {
            return new EdgeStability(matrix, null);
        }

        // Standardised, the problem divides the target too; its lambda is that of the target as it is.
        int column = order.Columns - 1;
        double scale = options.Standardize ? Math.Sqrt(folds.All.CentredProducts(column)[column] / folds.All.Rows) : 1;
        BlockOrder readout = new([.. order.Blocks.Select(block => block with { Role = block.FirstColumn == column ? BlockRole.TargetOnly : BlockRole.SourceOnly })]);
        return new EdgeStability(matrix, StabilitySelection.Run(folds, readout, new L1Penalty(targetLambda / (scale > 0 ? scale : 1)), stability, null, progress, cancellation));
    }

    /// <summary>Share of half-samples in which a block reads another; null for the edges into a target of classes, which are not resampled.</summary>
    /// <param name="source">The block that is read.</param>
    /// <param name="target">The block that reads, or below zero for the target's own regression.</param>
    public double? Of(int source, int target) => target >= 0 ? _matrix.BlockFrequencies[source, target] : _target?.BlockFrequencies[source, _target.Order.Blocks.Count - 1];
}
