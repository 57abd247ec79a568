using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>Some pairs of a <see cref="DiscoveryTask"/> that go through the model together. Immutable.</summary>
public sealed class TaskBatch
{
    private TaskBatch(DiscoveryTask task, int[] pairs)
    {
        Pairs = pairs;
        Clean = new TokenBatch([.. pairs.Select(pair => task.Clean[pair])]);
        Corrupt = new TokenBatch([.. pairs.Select(pair => task.Corrupt[pair])]);
        ScoredRows = [.. pairs.SelectMany((pair, text) => task.ScoredPositions[pair].Select(position => (text * Clean.Positions) + position))];
    }

    /// <summary>Which pairs of the task.</summary>
    public IReadOnlyList<int> Pairs { get; }

    /// <summary>The clean texts.</summary>
    public TokenBatch Clean { get; }

    /// <summary>The corrupt texts.</summary>
    public TokenBatch Corrupt { get; }

    /// <summary>Rows (texts times positions) whose outputs count, in order.</summary>
    public IReadOnlyList<int> ScoredRows { get; }

    /// <summary>Texts times positions.</summary>
    public int Rows => Clean.Count * Clean.Positions;

    /// <summary>Cuts a task into batches of pairs of like length, so that little is spent on padding.</summary>
    /// <param name="task">The task.</param>
    /// <param name="bytesPerPosition">Bytes that the work needs for one position of one pair.</param>
    /// <param name="memoryBytes">Bytes that a batch may need; one pair is always taken.</param>
    public static IReadOnlyList<TaskBatch> Cut(DiscoveryTask task, double bytesPerPosition, long memoryBytes)
    {
        ArgumentNullException.ThrowIfNull(task);
        List<TaskBatch> batches = [];
        List<int> pairs = [];
        foreach (int pair in Enumerable.Range(0, task.Count).OrderBy(pair => task.Clean[pair].Length))
        {
            // The longest text comes last and decides how many positions the batch has.
            if (pairs.Count > 0 && (pairs.Count + 1.0) * task.Clean[pair].Length * bytesPerPosition > memoryBytes)
            {
                batches.Add(new TaskBatch(task, [.. pairs]));
                pairs.Clear();
            }

            pairs.Add(pair);
        }

        batches.Add(new TaskBatch(task, [.. pairs]));
        return batches;
    }
}
