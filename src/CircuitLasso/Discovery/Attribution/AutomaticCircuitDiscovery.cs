using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// ACDC (Conmy et al. 2023; <c>acdc/TLACDCExperiment.py</c>, <c>step</c>) on the component graph: targets from the logits backwards, and for each its sources from the last to the
/// first (heads by falling number). An edge is given its corrupt value; where the loss rises by less than tau it stays removed for good and the new loss is the one to compare with,
/// else it is restored.
/// </summary>
/// <remarks>
/// Whole edges: a head loses its queries, keys and values from a source together; keys and values that heads share go when the last of them has lost them. The score of an edge
/// is how much the loss rose when it was visited, 0 where it fell; it depends on tau and on the order. The circuit is what is left, pruned. All pairs are held in memory.
/// </remarks>
internal sealed class AutomaticCircuitDiscovery : IDiscoveryMethod
{
    public string Name => "acdc";

    public string Description => "automatic circuit discovery: edges are removed one after the other, from the output backwards, where the loss rises by less than tau";

    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        task.RequireFits(model);
        ComponentGraph graph = model.Components();
        IReadOnlyList<TaskBatch> batches = TaskBatch.Cut(task, PatchedTask.BytesPerPosition(model, task), options.MemoryBytes);
        if (batches.Count > 1)
        {
            throw new InputException(
                $"task {task.Name}",
                $"acdc holds all pairs in memory, and they need more than {options.MemoryBytes >> 20} MiB",
                "allow more memory or give fewer pairs");
        }

        Stopwatch watch = Stopwatch.StartNew();
        using PatchedTask patched = new(model, new TaskObjective(model, task), batches[0]);
        long done = 0;
        (double[] rises, bool[] isKept) = Visit(
            graph,
            options.AcdcThreshold,
            inCircuit =>
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new WorkProgress("removing", done, graph.EdgeCount + 1, "edges"));
                done++;
                return patched.Loss(EdgePatch.Outside(patched.Clean.Graph, inCircuit, patched.Corrupt));
            });
        EdgeScores scores = new(graph, [.. rises.Select(rise => Math.Max(0, rise))]);
        return new ComponentDiscovery
        {
            Scores = scores,
            InCircuit = EdgeSelection.Prune(graph, isKept),
            Seconds = new Dictionary<string, double> { ["patching"] = watch.Elapsed.TotalSeconds },
            Diagnostics = new Dictionary<string, double> { ["evaluations"] = done },
        };
    }

    /// <summary>The order and the decisions, for any loss of a set of edges.</summary>
    /// <returns>By edge how much the loss rose when it was visited, and whether it stayed.</returns>
    internal static (double[] Rises, bool[] IsKept) Visit(ComponentGraph graph, double tau, Func<bool[], double> loss)
    {
        bool[] isKept = new bool[graph.EdgeCount];
        Array.Fill(isKept, true);
        double[] rises = new double[isKept.Length];
        double current = loss(isKept);
        for (int target = graph.Nodes.Count - 1; target > 0; target--)
        {
            for (int source = graph.SourceCount(target) - 1; source >= 0; source--)
            {
                long edge = graph.EdgeIndex(source, target);
                isKept[edge] = false;
                double without = loss(isKept);
                rises[edge] = without - current;
                isKept[edge] = rises[edge] >= tau;
                current = isKept[edge] ? current : without;
            }
        }

        return (rises, isKept);
    }
}
