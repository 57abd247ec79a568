namespace CircuitLasso.Regression;

/// <summary>
/// The area under the ROC curve: the probability that a row of the class scores above a row that is not, ties counting half
/// (Mann and Whitney 1947). 0.5 knows nothing.
/// </summary>
public static class AreaUnderCurve
{
    /// <summary>The area for two classes; NaN where one of them has no row.</summary>
    /// <param name="scores">One score per row; infinities are allowed, NaN is not.</param>
    /// <param name="positives">Which rows belong to the class; as many as scores.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a score is NaN.</exception>
    public static double Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positives)
    {
        if (scores.Length != positives.Length)
        {
            throw new ArgumentException($"there are {positives.Length} labels for {scores.Length} scores", nameof(positives));
        }

        double[] sorted = scores.ToArray();
        bool[] labels = positives.ToArray();
        if (Array.Exists(sorted, double.IsNaN))
        {
            throw new ArgumentException("a score is NaN", nameof(scores));
        }

        Array.Sort(sorted, labels);
        double pairs = 0;
        long negativesBelow = 0, count = 0;
        for (int start = 0; start < sorted.Length;)
        {
            int end = start;
            long tiedPositives = 0, tiedNegatives = 0;
            for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
            {
                tiedPositives += labels[end] ? 1 : 0;
                tiedNegatives += labels[end] ? 0 : 1;
            }

            pairs += tiedPositives * (negativesBelow + (0.5 * tiedNegatives));
            negativesBelow += tiedNegatives;
            count += tiedPositives;
            start = end;
        }

        return count > 0 && negativesBelow > 0 ? pairs / ((double)count * negativesBelow) : double.NaN;
    }

    /// <summary>The mean over classes of the area of each against the others; classes without rows, or with all of them, are left out.</summary>
    /// <param name="scores">Scores by class: element (i, c) is at c rows + i. One score column stands for two classes, 0 and 1.</param>
    /// <param name="labels">The class of each row, -1 for rows that are left out.</param>
    /// <returns>The mean, or NaN where no class can be told from others.</returns>
    /// <exception cref="ArgumentException">The scores are not a whole number of columns.</exception>
    public static double OneAgainstRest(ReadOnlySpan<double> scores, ReadOnlySpan<int> labels)
    {
        if (labels.Length == 0 || scores.Length % labels.Length != 0)
        {
            throw new ArgumentException($"{scores.Length} scores are not whole columns of {labels.Length} rows", nameof(scores));
        }

        int classes = scores.Length / labels.Length;
        double sum = 0;
        int counted = 0;
        List<double> values = [];
        List<bool> positives = [];
        for (int c = 0; c < classes; c++)
        {
            values.Clear();
            positives.Clear();
            for (int i = 0; i < labels.Length; i++)
            {
                if (labels[i] >= 0)
                {
                    values.Add(scores[(c * labels.Length) + i]);
                    positives.Add(labels[i] == (classes == 1 ? 1 : c));
                }
            }

            double area = Of(values.ToArray(), positives.ToArray());
            if (!double.IsNaN(area))
            {
                sum += area;
                counted++;
            }
        }

        return counted > 0 ? sum / counted : double.NaN;
    }
}
