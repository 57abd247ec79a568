using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Measures component circuits on a task by intervention: what is outside a circuit (or inside, for its complement) carries ablated values, and everything else is
/// recomputed. Immutable and thread-safe.
/// </summary>
public sealed class CircuitEvaluator
{
    private readonly TransformerModel _model;
    private readonly TaskObjective _objective;
    private readonly AblationValue _ablation;
    private readonly IReadOnlyList<TaskBatch> _batches;
    private readonly PatchingGraph _graph;
    private readonly ComponentMeans? _means;

    /// <summary>Prepares an evaluation; for mean ablation this runs the corrupt texts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="task">The task.</param>
    /// <param name="ablation">What stands in the place of what is taken out.</param>
    /// <param name="memoryBytes">About how many bytes are used at once.</param>
    /// <exception cref="InputException">The task does not fit the model.</exception>
    public CircuitEvaluator(TransformerModel model, DiscoveryTask task, AblationValue ablation = AblationValue.Corrupt, long memoryBytes = 1L << 30)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        task.RequireFits(model);
        _model = model;
        _objective = new TaskObjective(model, task);
        _ablation = ablation;
        _batches = TaskBatch.Cut(task, PatchedTask.BytesPerPosition(model, task), memoryBytes);
        _graph = new PatchingGraph(model);
        if (ablation == AblationValue.Mean)
        {
            _means = new ComponentMeans(_graph);
            foreach (TaskBatch batch in _batches)
            {
                using DecomposedForward corrupt = new(model, batch.Corrupt);
                _means.Add(batch.Corrupt, corrupt.Values);
            }
        }
    }

    /// <summary>The model's candidate edges.</summary>
    public ComponentGraph Graph => _graph.Components;

    /// <summary>Faithfulness and completeness by ablation of whole edges.</summary>
    /// <param name="inCircuit">One truth value an edge, in the order of <see cref="ComponentGraph.Edges"/>.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">There are not as many truth values as edges.</exception>
    public CircuitEvaluation EvaluateEdges(IReadOnlyList<bool> inCircuit, CancellationToken cancellation = default) =>
        EvaluateSplitEdges(SplitEdges.Of(Graph, inCircuit), cancellation);

    /// <summary>Faithfulness and completeness by ablation of parts of edges.</summary>
    /// <param name="inCircuit">One truth value a part, by <see cref="ComponentGraph.SplitEdgeIndex"/>.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <remarks>Where heads share keys and values, a part of the circuit and the same part of its complement can both be inside.</remarks>
    /// <exception cref="ArgumentException">There are not as many truth values as parts.</exception>
    public CircuitEvaluation EvaluateSplitEdges(IReadOnlyList<bool> inCircuit, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(inCircuit);
        double[] losses = Losses(
            [
                values => EdgePatch.OutsideSplit(_graph, new bool[inCircuit.Count], values),
                values => EdgePatch.OutsideSplit(_graph, inCircuit, values),
                values => EdgePatch.OutsideSplit(_graph, [.. inCircuit.Select(inside => !inside)], values),
            ],
            cancellation);
        return new CircuitEvaluation(losses[0], losses[1], losses[2], losses[3]);
    }

    /// <summary>
    /// Faithfulness and completeness by ablation of heads and MLPs. A node is in the circuit where one of its edges is. The input is never ablated: all that a model does starts there.
    /// </summary>
    /// <param name="inCircuit">One truth value an edge, in the order of <see cref="ComponentGraph.Edges"/>.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">There are not as many truth values as edges.</exception>
    public CircuitEvaluation EvaluateNodes(IReadOnlyList<bool> inCircuit, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(inCircuit);
        SplitEdges.RequireCount(inCircuit, Graph.EdgeCount);
        bool[] isInside = new bool[Graph.Nodes.Count];
        int edge = 0;
        foreach ((int source, int target) in Graph.Edges)
        {
            isInside[source] |= inCircuit[edge];
            isInside[target] |= inCircuit[edge++];
        }

        double[] losses = Losses([values => Without(_ => true, values), values => Without(node => !isInside[node], values), values => Without(node => isInside[node], values)], cancellation);
        return new CircuitEvaluation(losses[0], losses[1], losses[2], losses[3]);

        EdgePatch Without(Func<int, bool> isAblated, ComponentValues values)
        {
            EdgePatch patch = new(_graph);
            for (int node = 1; node < _graph.Sources; node++)
            {
                if (isAblated(node))
                {
                    patch.SetNode(node, values);
                }
            }

            return patch;
        }
    }

    /// <summary>The curve of the MIB benchmark: at each fraction the edges (parts of edges, where the scores are split) of largest score, pruned.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="isAbsolute">Whether the absolute score decides, as MIB prefers for CMD; otherwise the signed one, as it prefers for CPR.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The scores are of another graph.</exception>
    public CircuitCurve Curve(EdgeScores scores, bool isAbsolute, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (scores.Graph.SplitEdgeCount != Graph.SplitEdgeCount || scores.Graph.Layers != Graph.Layers || scores.Graph.ParallelBlocks != Graph.ParallelBlocks)
        {
            throw new ArgumentException("The scores are of a model of another shape.", nameof(scores));
        }

        bool[][] circuits = [.. CircuitCurve.Fractions.Select(fraction => SelectFraction(scores, fraction, isAbsolute))];
        double[] faithfulness = SplitFaithfulness(circuits, cancellation);
        return new CircuitCurve(CircuitCurve.Fractions.Select((fraction, i) => new CircuitCurvePoint(
            fraction, (scores.IsSplit ? circuits[i] : SplitEdges.Collapse(Graph, circuits[i])).Count(inside => inside), faithfulness[i])));
    }

    /// <summary>Faithfulness of several circuits by ablation of whole edges, as <see cref="EvaluateEdges"/> gives it one by one, in one pass over the texts.</summary>
    /// <param name="circuits">Each has one truth value an edge, in the order of <see cref="ComponentGraph.Edges"/>.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">One has not as many truth values as there are edges.</exception>
    public double[] Faithfulness(IReadOnlyList<IReadOnlyList<bool>> circuits, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(circuits);
        return SplitFaithfulness([.. circuits.Select(circuit => SplitEdges.Of(Graph, circuit))], cancellation);
    }

    private double[] SplitFaithfulness(bool[][] circuits, CancellationToken cancellation)
    {
        double[] losses = Losses(
            [
                values => EdgePatch.OutsideSplit(_graph, new bool[Graph.SplitEdgeCount], values),
                .. circuits.Select(circuit => (Func<ComponentValues, EdgePatch>)(values => EdgePatch.OutsideSplit(_graph, circuit, values))),
            ],
            cancellation);
        return [.. losses.Skip(2).Select(loss => new CircuitEvaluation(losses[0], losses[1], loss, losses[1]).Faithfulness)];
    }

    private bool[] SelectFraction(EdgeScores scores, double fraction, bool isAbsolute)
    {
        if (scores.IsSplit)
        {
            return SplitEdges.Prune(Graph, fraction == 1 ? All(Graph.SplitEdgeCount) : SplitEdges.Top(scores, (int)(fraction * Graph.SplitEdgeCount), isAbsolute));
        }

        int count = (int)(fraction * Graph.EdgeCount);
        double[] values = scores.Values.ToArray();
        bool[] chosen = new bool[values.Length];
        foreach (int edge in Enumerable.Range(0, values.Length).Where(edge => values[edge] != 0).OrderByDescending(edge => isAbsolute ? Math.Abs(values[edge]) : values[edge]).Take(count))
        {
            chosen[edge] = true;
        }

        return SplitEdges.Of(Graph, EdgeSelection.Prune(Graph, fraction == 1 ? All(Graph.EdgeCount) : chosen));

        // The whole model is the last circuit, whatever the scores.
        static bool[] All(long count) => [.. Enumerable.Repeat(true, (int)count)];
    }

    // The clean loss, then that of every patch.
    private double[] Losses(Func<ComponentValues, EdgePatch>[] patches, CancellationToken cancellation)
    {
        double[] losses = new double[patches.Length + 1];
        foreach (TaskBatch batch in _batches)
        {
            using PatchedTask patched = new(_model, _objective, batch);
            ComponentValues? made = _ablation switch
            {
                AblationValue.Mean => _means!.ValuesFor(batch.Clean),
                AblationValue.Zero => ComponentValues.Zero(_graph, batch.Rows),
                _ => null,
            };
            losses[0] += patched.CleanLoss;
            for (int i = 0; i < patches.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                losses[i + 1] += patched.Loss(patches[i](made ?? patched.Corrupt));
            }

            made?.Dispose();
        }

        return losses;
    }
}
