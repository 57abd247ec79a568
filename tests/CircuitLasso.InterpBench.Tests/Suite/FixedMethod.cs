using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>A method that gives the scores it is told to give, and counts how often it is asked.</summary>
internal sealed class FixedMethod(string name, Func<ComponentGraph, (string Source, string Target), double> score) : IDiscoveryMethod
{
    public string Name => name;

    public string Description => "gives fixed scores";

    public int Runs { get; private set; }

    /// <summary>Bytes of native memory to hold while running.</summary>
    public int Bytes { get; init; }

    /// <summary>Called at each run.</summary>
    public Action<DiscoveryTask>? Asked { get; init; }

    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Runs++;
        Asked?.Invoke(task);
        using NativeBuffer<byte> held = new(Math.Max(1, Bytes));
        ComponentGraph graph = model.Components();
        double[] values = [.. graph.Edges.Select(edge => score(graph, (graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name)))];
        EdgeScores scores = new(graph, values);
        return new ComponentDiscovery
        {
            Scores = scores,
            InCircuit = EdgeSelection.AtLeast(scores, 0.5),
            Seconds = new Dictionary<string, double> { ["collection"] = 0.25 },
        };
    }
}
