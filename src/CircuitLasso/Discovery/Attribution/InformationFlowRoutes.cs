using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Information flow routes (Ferrando and Voita 2024, as hannamw/EAP-IG computes them): the proximity of a source to what a destination reads,
/// max(0, |x_v|_1 - |z_u - x_v|_1), over the sum of the proximities of all its sources, and the mean of that over all positions of all texts.
/// </summary>
/// <remarks>
/// Observational: forward passes alone, every clean and every corrupt text once, no answers. Within a model that is not patched a head's queries, keys and values read the same,
/// so their edges have one score.
/// </remarks>
internal sealed class InformationFlowRoutes : IDiscoveryMethod
{
    public string Name => "ifr";

    public string Description => "information flow routes: how near each source is to what its target reads, without gradients";

    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        task.RequireFits(model);
        ComponentGraph graph = model.Components();
        double[] scores = new double[graph.EdgeCount];
        int done = 0;
        Stopwatch watch = Stopwatch.StartNew();
        foreach (TaskBatch batch in TaskBatch.Cut(task, 2 * DecomposedForward.BytesPerPosition(model), options.MemoryBytes))
        {
            foreach (TokenBatch texts in (TokenBatch[])[batch.Clean, batch.Corrupt])
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new WorkProgress("collecting", done, 2L * task.Count, "texts"));
                using DecomposedForward run = new(model, texts);
                Add(run, scores);
                done += texts.Count;
            }
        }

        double rows = task.Clean.Concat(task.Corrupt).Sum(text => (double)text.Length);
        EdgeScores result = new(graph, [.. scores.Select(score => score / rows)]);
        return new ComponentDiscovery
        {
            Scores = result,
            InCircuit = RelativeThresholds.Select(result, options, RelativeThresholds.InformationFlow),
            Seconds = new Dictionary<string, double> { ["collection"] = watch.Elapsed.TotalSeconds },
        };
    }

    private static void Add(DecomposedForward run, double[] scores)
    {
        PatchingGraph patching = run.Graph;
        ComponentGraph graph = patching.Components;
        TokenBatch batch = run.Batch;
        int width = graph.Width;
        float[][] values = [.. Enumerable.Range(0, patching.Sources).Select(source => run.Values[source].ToArray())];
        int[] rows = [.. Enumerable.Range(0, batch.Count).SelectMany(text => Enumerable.Range(text * batch.Positions, batch.Lengths[text]))];
        for (int target = 1; target < graph.Nodes.Count; target++)
        {
            int sources = graph.SourceCount(target);
            int first = (int)graph.EdgeIndex(0, target);
            if (graph.Nodes[target].Kind == CircuitNodeKind.AttentionHead && graph.Nodes[target].Head > 0)
            {
                continue; // All heads of a layer read what the first one reads.
            }

            float[] read = run.Read(patching.DestinationOf(target)).ToArray();
            double[][] shares = new double[rows.Length][];
            DeterministicParallel.For(rows.Length, index => shares[index] = Shares(read.AsSpan(rows[index] * width, width), values, sources, rows[index] * width));
            int heads = graph.Nodes[target].Kind == CircuitNodeKind.AttentionHead ? graph.Heads : 1;
            foreach (double[] share in shares)
            {
                for (int head = 0; head < heads; head++)
                {
                    for (int source = 0; source < sources; source++)
                    {
                        scores[first + (head * sources) + source] += share[source];
                    }
                }
            }
        }
    }

    private static double[] Shares(ReadOnlySpan<float> read, float[][] values, int sources, int start)
    {
        double[] shares = new double[sources];
        double norm = 0;
        foreach (float number in read)
        {
            norm += Math.Abs(number);
        }

        double total = 0;
        for (int source = 0; source < sources; source++)
        {
            ReadOnlySpan<float> value = values[source].AsSpan(start, read.Length);
            double distance = 0;
            for (int column = 0; column < read.Length; column++)
            {
                distance += Math.Abs((double)value[column] - read[column]);
            }

            shares[source] = Math.Max(0, norm - distance);
            total += shares[source];
        }

        for (int source = 0; source < sources && total > 0; source++)
        {
            shares[source] /= total;
        }

        return shares;
    }
}
