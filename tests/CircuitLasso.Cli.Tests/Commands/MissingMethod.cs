using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli.Tests;

/// <summary>A method that gives every edge the same score and says how many of its regressions missed their tolerance.</summary>
internal sealed class MissingMethod(string name, int missed) : IDiscoveryMethod
{
    public string Name => name;

    public string Description => "for tests";

    public ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ComponentGraph graph = model.Components();
        double[] scores = new double[graph.EdgeCount];
        Array.Fill(scores, 1);
        return new ComponentDiscovery
        {
            Scores = new EdgeScores(graph, scores),
            InCircuit = [.. scores.Select(_ => true)],
            Diagnostics = new Dictionary<string, double> { ["missed"] = missed },
        };
    }
}
