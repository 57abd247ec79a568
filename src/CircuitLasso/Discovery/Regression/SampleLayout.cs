using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// How the texts of a task lie in memory for a method that only observes: every clean and every corrupt text once, as samples of equally many slots. Immutable.
/// </summary>
/// <remarks>
/// Row r is slot r mod <see cref="Slots"/> of sample r / Slots. Samples of one fold follow each other, and the two texts of a pair are in one fold. Texts of unequal
/// lengths begin at slot 0, or, where all are asked at their last token only, end at the last slot; rows without a token hold zeros.
/// </remarks>
internal sealed class SampleLayout
{
    /// <summary>Folds of cross-validation.</summary>
    public const int Folds = 5;

    private readonly int[][] _texts;
    private readonly int[] _first;

    /// <summary>Lays out the texts of a task.</summary>
    /// <param name="task">The task.</param>
    /// <exception cref="InputException">The task has fewer pairs than there are folds.</exception>
    public SampleLayout(DiscoveryTask task)
    {
        if (task.Count < Folds)
        {
            throw new InputException(
                $"task {task.Name}",
                $"has {task.Count} {(task.Count == 1 ? "pair" : "pairs")} of texts, but regressions are cross-validated in {Folds} folds and need at least {Folds} pairs",
                "give more pairs, or a method without a regression, such as eap");
        }

        FoldAssignment assignment = FoldAssignment.ForRows(task.Count, Folds);
        _texts = new int[2 * task.Count][];
        _first = new int[2 * task.Count];
        Slots = task.Clean.Max(text => text.Length);
        IsEven = task.Clean.All(text => text.Length == Slots);
        bool endsTogether = !IsEven && task.ScoredPositions.Select((scored, pair) => scored.Length == 1 && scored[0] == task.Clean[pair].Length - 1).All(last => last);
        IsReal = new bool[checked(Samples * Slots)];
        IsScored = new bool[IsReal.Length];
        FoldStart = new int[Folds + 1];
        int sample = 0;
        for (int fold = 0; fold < Folds; fold++)
        {
            for (int pair = 0; pair < task.Count; pair++)
            {
                if (assignment.FoldOf(pair) == fold)
                {
                    Add(sample++, task.Clean[pair], task.ScoredPositions[pair], endsTogether);
                    Add(sample++, task.Corrupt[pair], task.ScoredPositions[pair], endsTogether);
                }
            }

            FoldStart[fold + 1] = sample;
        }

        RealCount = new int[Slots];
        bool[] scored = new bool[Slots];
        for (int row = 0; row < IsReal.Length; row++)
        {
            RealCount[row % Slots] += IsReal[row] ? 1 : 0;
            scored[row % Slots] |= IsScored[row];
        }

        ScoredSlots = [.. Enumerable.Range(0, Slots).Where(slot => scored[slot])];
    }

    /// <summary>Number of texts.</summary>
    public int Samples => _texts.Length;

    /// <summary>Rows of a sample: tokens of the longest text.</summary>
    public int Slots { get; }

    /// <summary>Samples x slots.</summary>
    public int Rows => IsReal.Length;

    /// <summary>Whether all texts have equally many tokens.</summary>
    public bool IsEven { get; }

    /// <summary>Whether a row holds a token.</summary>
    public bool[] IsReal { get; }

    /// <summary>Whether the output at a row is asked for.</summary>
    public bool[] IsScored { get; }

    /// <summary>The slots at which some output is asked for, rising.</summary>
    public int[] ScoredSlots { get; }

    /// <summary>Tokens at each slot, over all samples.</summary>
    public int[] RealCount { get; }

    /// <summary>The first sample of each fold, and the number of samples.</summary>
    public int[] FoldStart { get; }

    /// <summary>Token ids of a sample.</summary>
    public int[] Text(int sample) => _texts[sample];

    /// <summary>The slot of a sample's first token.</summary>
    public int First(int sample) => _first[sample];

    /// <summary>The rows that are scored, rising, and where each fold's begin among them.</summary>
    public (int[] Rows, int[] FoldStart) ScoredRows()
    {
        int[] rows = [.. Enumerable.Range(0, Rows).Where(row => IsScored[row])];
        return (rows, [.. FoldStart.Select(sample => rows.Count(row => row < sample * Slots))]);
    }

    /// <summary>Takes from every column its mean over the samples, slot by slot, and clears the rows without a token.</summary>
    /// <param name="values">Rows x columns, row-major.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="taken">Receives the means, slots x columns; empty where they are not wanted.</param>
    public void Centre(Span<float> values, int columns, Span<float> taken = default)
    {
        int length = Slots * columns;
        double[] means = SlotMeans(values, columns);
        for (int i = 0; i < taken.Length; i++)
        {
            taken[i] = (float)means[i];
        }

        for (int sample = 0; sample < Samples; sample++)
        {
            Range tokens = Tokens(sample, columns);
            Span<float> own = values.Slice(sample * length, length);
            WidenedSums.Subtract(own[tokens], means.AsSpan()[tokens]);
            own[..tokens.Start.Value].Clear();
            own[tokens.End.Value..].Clear();
        }
    }

    /// <summary>The mean over the samples of every column, slot by slot: slots x columns.</summary>
    /// <param name="values">Rows x columns, row-major.</param>
    /// <param name="columns">Number of columns.</param>
    public float[] Means(ReadOnlySpan<float> values, int columns) => [.. SlotMeans(values, columns).Select(mean => (float)mean)];

    private double[] SlotMeans(ReadOnlySpan<float> values, int columns)
    {
        int length = Slots * columns;
        double[] means = new double[length];
        for (int sample = 0; sample < Samples; sample++)
        {
            Range tokens = Tokens(sample, columns);
            WidenedSums.Add(values.Slice(sample * length, length)[tokens], means.AsSpan()[tokens]);
        }

        for (int slot = 0; slot < Slots; slot++)
        {
            Span<double> own = means.AsSpan(slot * columns, columns);
            System.Numerics.Tensors.TensorPrimitives.Divide(own, RealCount[slot], own);
        }

        return means;
    }

    // Where a sample's tokens are in its slots.
    private Range Tokens(int sample, int columns) => (_first[sample] * columns)..((_first[sample] + _texts[sample].Length) * columns);

    private void Add(int sample, int[] text, int[] scored, bool endsTogether)
    {
        _texts[sample] = text;
        _first[sample] = endsTogether ? Slots - text.Length : 0;
        int start = (sample * Slots) + _first[sample];
        IsReal.AsSpan(start, text.Length).Fill(true);
        foreach (int position in scored)
        {
            IsScored[start + position] = true;
        }
    }
}
