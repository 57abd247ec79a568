using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// Learns a circuit from observation: every block of columns is regressed by Lasso on the blocks computed before it, the target on all of them, and the target's
/// variation is passed backwards through the coefficients (<see cref="RelevancePropagation"/>).
/// </summary>
/// <remarks>
/// The rule of the circuit: lambda by cross-validation (largest lambda within one standard error of the least error) unless it is given; edges whose weight
/// is at least <see cref="LearningOptions.MinimumWeight"/>; of these, those on a path to the target. A target that cannot be predicted better than a shuffled one
/// gets no circuit.
/// </remarks>
public static class LassoLearner
{
    /// <summary>Learns a circuit.</summary>
    /// <param name="data">Rows and blocks.</param>
    /// <param name="target">What to explain, one value a row; null explains the last block of the data.</param>
    /// <param name="options">How; the defaults if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work; nothing is kept.</param>
    /// <exception cref="InputException">A number is not finite, lambda is none, there are too few rows, or no block is computed after another.</exception>
    public static LearningResult Learn(
        ILearningData data, LearningTarget? target, LearningOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new LassoLearning(data, target, options ?? new LearningOptions(), progress, cancellation).Run();
    }

    /// <summary>Bytes that <see cref="Learn"/> needs at its peak, beside what reading the data takes.</summary>
    /// <param name="data">Rows and blocks.</param>
    /// <param name="target">What to explain, or null.</param>
    /// <param name="options">How.</param>
    public static long EstimateBytes(ILearningData data, LearningTarget? target, LearningOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        return GatheredStatistics.EstimateBytes(data.Rows, data.Blocks.Sum(block => block.Width), options.Folds, target?.Numbers is not null, options.StabilityPairs > 0);
    }
}
