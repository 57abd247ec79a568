using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The effect itself: the score of an edge is how much the loss rises when the edge alone carries its corrupt value and everything after it is recomputed. One patched
/// run an edge; an edge into a head is patched for queries, keys and values together (and for keys and values of the heads that share them).
/// </summary>
internal sealed class ExactPatching : IDiscoveryMethod
{
    public string Name => "exact";

    public string Description => "exact patching: the rise of the loss when one edge alone is corrupt, one run an edge";

    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        task.RequireFits(model);
        ComponentGraph graph = model.Components();
        TaskObjective objective = new(model, task);
        IReadOnlyList<TaskBatch> batches = TaskBatch.Cut(task, PatchedTask.BytesPerPosition(model, task), options.MemoryBytes);
        double[] scores = new double[graph.EdgeCount];
        long done = 0;
        Stopwatch watch = Stopwatch.StartNew();
        foreach (TaskBatch batch in batches)
        {
            using PatchedTask patched = new(model, objective, batch);
            double clean = patched.CleanLoss;
            EdgePatch patch = new(patched.Clean.Graph);
            int edge = 0;
            foreach ((int source, int target) in graph.Edges)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new WorkProgress("patching", done, batches.Count * graph.EdgeCount, "edges"));
                done++;
                patch.SetEdge(source, target, patched.Corrupt);
                scores[edge++] += patched.Loss(patch) - clean;
                patch.SetEdge(source, target, null);
            }
        }

        EdgeScores result = new(graph, scores);
        return new ComponentDiscovery
        {
            Scores = result,
            InCircuit = RelativeThresholds.Select(result, options, RelativeThresholds.Exact),
            Seconds = new Dictionary<string, double> { ["patching"] = watch.Elapsed.TotalSeconds },
        };
    }
}
