using CircuitLasso.Regression;

namespace CircuitLasso.InterpBench;

/// <summary>How right a method is about a known circuit: its circuit and its scores, both against the true edges. Immutable.</summary>
/// <param name="HammingDistance">
/// Structural Hamming distance (SHD): wrong edges in the circuit plus true edges missing from it. Edges have one direction only here, so none can be reversed.
/// </param>
/// <param name="BestHammingDistance">The smallest such distance over all thresholds on the scores, pruning at each; needs the truth, so no method reaches it by itself.</param>
/// <param name="AreaUnderCurve">Area under the ROC curve of the absolute scores (AUROC): how often a true edge scores above another one, ties counting half.</param>
/// <param name="AveragePrecision">Average precision of the absolute scores, as scikit-learn defines it: the precision at every threshold, weighted by the step in recall.</param>
/// <param name="F1">Harmonic mean of precision and recall of the circuit; 0 for an empty one.</param>
/// <param name="Predicted">Edges of the circuit.</param>
/// <param name="Truth">True edges.</param>
/// <param name="Candidates">Candidate edges.</param>
public sealed record CircuitFigures(
    double HammingDistance, double? BestHammingDistance, double AreaUnderCurve, double AveragePrecision, double F1, double Predicted, int Truth, int Candidates)
{
    /// <summary>Judges scores and a circuit.</summary>
    /// <param name="scores">Scores of all edges; their absolute values count.</param>
    /// <param name="circuit">The circuit: one truth value an edge.</param>
    /// <param name="truth">What is true.</param>
    /// <param name="visibleOnly">Whether true edges that no resampling can reveal are left out of everything.</param>
    /// <exception cref="ArgumentException">Scores, circuit and truth are not of one graph.</exception>
    public static CircuitFigures Of(EdgeScores scores, IReadOnlyList<bool> circuit, CircuitTruth truth, bool visibleOnly = false)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(truth);
        if (scores.Values.Length != truth.IsTrue.Count || circuit.Count != truth.IsTrue.Count)
        {
            throw new ArgumentException($"{scores.Values.Length} scores and {circuit.Count} truth values do not fit {truth.IsTrue.Count} edges.", nameof(scores));
        }

        int[] counted = Counted(truth, visibleOnly);
        double[] sizes = [.. scores.Values.ToArray().Select(Math.Abs)];
        double[] countedSizes = [.. counted.Select(edge => sizes[edge])];
        bool[] isTrue = [.. counted.Select(edge => truth.IsTrue[edge])];
        int predicted = counted.Count(edge => circuit[edge]);
        int right = counted.Count(edge => circuit[edge] && truth.IsTrue[edge]);
        int all = isTrue.Count(value => value);
        return new CircuitFigures(
            HammingDistanceOf(circuit, truth, visibleOnly),
            BestHammingDistanceOf(scores, truth, visibleOnly),
            Regression.AreaUnderCurve.Of(countedSizes, isTrue),
            AveragePrecisionOf(countedSizes, isTrue),
            predicted + all > 0 ? 2.0 * right / (predicted + all) : 0,
            predicted,
            all,
            counted.Length);
    }

    /// <summary>Structural Hamming distance: candidates on which circuit and truth differ.</summary>
    /// <param name="circuit">One truth value an edge.</param>
    /// <param name="truth">What is true.</param>
    /// <param name="visibleOnly">Whether true edges that no resampling can reveal are left out.</param>
    public static int HammingDistanceOf(IReadOnlyList<bool> circuit, CircuitTruth truth, bool visibleOnly = false)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(truth);
        return Counted(truth, visibleOnly).Count(edge => circuit[edge] != truth.IsTrue[edge]);
    }

    /// <summary>The smallest structural Hamming distance over all thresholds on the absolute scores, none reached among them; the edges above each are pruned.</summary>
    /// <param name="scores">Scores of all edges.</param>
    /// <param name="truth">What is true.</param>
    /// <param name="visibleOnly">Whether true edges that no resampling can reveal are left out.</param>
    public static int BestHammingDistanceOf(EdgeScores scores, CircuitTruth truth, bool visibleOnly = false)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(truth);
        int best = HammingDistanceOf(new bool[truth.IsTrue.Count], truth, visibleOnly);
        foreach (double threshold in scores.Values.ToArray().Select(Math.Abs).Where(size => size > 0).Distinct())
        {
            best = Math.Min(best, HammingDistanceOf(EdgeSelection.Prune(truth.Graph, EdgeSelection.AtLeast(scores, threshold)), truth, visibleOnly));
        }

        return best;
    }

    /// <summary>Average precision: sum over thresholds of (recall - recall before) x precision; equal scores share one threshold. NaN where nothing is true.</summary>
    /// <param name="scores">One score each.</param>
    /// <param name="isTrue">What is true; as many.</param>
    public static double AveragePrecisionOf(ReadOnlySpan<double> scores, ReadOnlySpan<bool> isTrue)
    {
        double[] keys = scores.ToArray();
        bool[] labels = isTrue.ToArray();
        Array.Sort(keys, labels);
        double all = labels.Count(label => label);
        int found = 0;
        double sum = 0;
        for (int end = keys.Length; end > 0;)
        {
            int start = end;
            int before = found;
            for (; start > 0 && keys[start - 1] == keys[end - 1]; start--)
            {
                found += labels[start - 1] ? 1 : 0;
            }

            sum += (found - before) / all * found / (keys.Length - start);
            end = start;
        }

        return all > 0 ? sum : double.NaN;
    }

    /// <summary>The ROC curve of absolute scores: false and true positive rate at every threshold, from (0, 0) to (1, 1).</summary>
    /// <param name="scores">Scores of all edges.</param>
    /// <param name="truth">What is true.</param>
    public static IReadOnlyList<(double FalsePositiveRate, double TruePositiveRate)> RocCurve(EdgeScores scores, CircuitTruth truth)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(truth);
        double[] values = scores.Values.ToArray();
        int[] counted = Counted(truth, visibleOnly: false);
        double positives = Math.Max(1, counted.Count(edge => truth.IsTrue[edge]));
        double negatives = Math.Max(1, counted.Length - positives);
        List<(double, double)> curve = [(0, 0)];
        (int falsePositives, int truePositives) = (0, 0);
        foreach (IGrouping<double, int> tied in counted.GroupBy(edge => Math.Abs(values[edge])).OrderByDescending(group => group.Key))
        {
            truePositives += tied.Count(edge => truth.IsTrue[edge]);
            falsePositives += tied.Count(edge => !truth.IsTrue[edge]);
            curve.Add((falsePositives / negatives, truePositives / positives));
        }

        return curve;
    }

    private static int[] Counted(CircuitTruth truth, bool visibleOnly)
    {
        IReadOnlyList<bool> counts = visibleOnly ? truth.IsVisible : truth.IsCandidate;
        return [.. Enumerable.Range(0, counts.Count).Where(edge => counts[edge])];
    }
}
