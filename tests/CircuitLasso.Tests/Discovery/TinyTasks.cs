namespace CircuitLasso.Tests;

/// <summary>Tasks over random texts for <see cref="TinyTransformers"/>, in every metric.</summary>
internal static class TinyTasks
{
    public static DiscoveryTask Create(TaskMetric metric, int seed = 1, params int[] lengths)
    {
        lengths = lengths.Length == 0 ? [4, 3, 5] : lengths;
        Random random = new(seed);
        int[][] scored = [.. lengths.Select(length => metric == TaskMetric.LogitDifference ? (int[])[length - 1] : [1, length - 1])];
        int[][] classes = [.. scored.Select(positions => positions.Select(_ => random.Next(TinyTransformers.Vocabulary)).ToArray())];
        return new DiscoveryTask
        {
            Name = "tiny",
            Clean = TinyTransformers.Texts(lengths, seed),
            Corrupt = TinyTransformers.Texts(lengths, seed, corrupt: true),
            ScoredPositions = scored,
            Metric = metric,
            Classes = classes,
            WrongClasses = [.. classes.Select(row => row.Select(value => (value + 3) % TinyTransformers.Vocabulary).ToArray())],
            Numbers = [.. scored.Select(positions => positions.Select(_ => (float)random.NextDouble()).ToArray())],
        };
    }

    public static TaskBatch Whole(DiscoveryTask task) => Assert.Single(TaskBatch.Cut(task, 1, long.MaxValue));
}
