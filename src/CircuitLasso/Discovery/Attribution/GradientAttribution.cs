using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// What <c>eap</c> and both kinds of <c>eap-ig</c> share: the score of an edge u -> v is the sum over texts and positions of (z_u corrupt - z_u clean) times a mean of gradients
/// of the loss by what v reads, an estimate of how much the loss rises when the edge alone carries its corrupt value. (EAP-IG's own scores are these over the number of
/// texts of a batch.) They differ in where the gradients are taken.
/// </summary>
internal abstract class GradientAttribution : IDiscoveryMethod
{
    public abstract string Name { get; }

    public abstract string Description { get; }

    /// <summary>The share of the largest score that the default rule keeps.</summary>
    protected abstract double RelativeThreshold { get; }

    /// <summary>Whether all gradients are taken at the clean texts.</summary>
    protected virtual bool IsAtClean => false;

    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Steps, 1);
        task.RequireFits(model);
        PatchingGraph graph = new(model);
        IReadOnlyList<TaskBatch> batches = TaskBatch.Cut(task, EdgeGradients.BytesPerPosition(model, graph, task), options.MemoryBytes);
        TaskObjective objective = IsAtClean ? TaskObjective.ForCleanGradient(model, task, batches) : new TaskObjective(model, task);
        double[][] scores = [.. Enumerable.Range(0, graph.Destinations.Count).Select(destination => new double[graph.SourceCount(destination)])];
        Stopwatch collection = new();
        Stopwatch gradients = new();
        HeadInputBackward heads = new(model);
        int done = 0;
        foreach (TaskBatch batch in batches)
        {
            progress?.Report(new WorkProgress("attributing", done, task.Count, "pairs"));
            using AttributionBatch work = new(model, graph, heads, objective, batch, collection, gradients);
            int passes = AddPasses(work, options.Steps, cancellation);
            work.AddScores(1.0 / passes, scores);
            done += batch.Pairs.Count;
        }

        EdgeScores result = Collect(graph, scores);
        return new ComponentDiscovery
        {
            Scores = result,
            InCircuit = RelativeThresholds.Select(result, options, RelativeThreshold),
            Seconds = new Dictionary<string, double> { ["collection"] = collection.Elapsed.TotalSeconds, ["gradients"] = gradients.Elapsed.TotalSeconds },
        };
    }

    /// <summary>Runs the passes of one batch, the clean and the corrupt texts' own among them; returns over how many gradients the mean is taken.</summary>
    protected abstract int AddPasses(AttributionBatch work, int steps, CancellationToken cancellation);

    /// <summary>Share x clean + (1 - share) x corrupt.</summary>
    protected static float[] Between(float[] clean, float[] corrupt, float share)
    {
        float[] values = new float[clean.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = corrupt[i] + (share * (clean[i] - corrupt[i]));
        }

        return values;
    }

    // Heads that share a key head share the scores of its edges.
    private static EdgeScores Collect(PatchingGraph graph, double[][] scores)
    {
        ComponentGraph components = graph.Components;
        double[] split = new double[components.SplitEdgeCount];
        foreach ((int source, int target) in components.Edges)
        {
            bool isHead = components.Nodes[target].Kind == CircuitNodeKind.AttentionHead;
            foreach (HeadInput part in isHead ? (HeadInput[])[HeadInput.Query, HeadInput.Key, HeadInput.Value] : [HeadInput.Query])
            {
                split[components.SplitEdgeIndex(source, target, part)] = scores[graph.DestinationOf(target, part)][source];
            }
        }

        return EdgeScores.FromSplit(components, split);
    }
}
