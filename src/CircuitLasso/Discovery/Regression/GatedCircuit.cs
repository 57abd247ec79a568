using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The gates of all readers at one lambda, and the lambda at which each opens. Immutable.</summary>
internal sealed class GatedCircuit
{
    private const double Tolerance = 1e-8;

    // Where the path of lambdas ends, as a share of the reader's largest: far below anything that is a circuit.
    private const double LeastShare = 1e-5;

    private GatedCircuit(EdgeScores scores, bool[] open, double largestRelativeGap, int missed)
    {
        Scores = scores;
        Open = open;
        LargestRelativeGap = largestRelativeGap;
        Missed = missed;
    }

    /// <summary>
    /// The ratio at which an edge's gate opens: half lambda over the loss with all gates shut, times the reader's share of the outputs' variation; 0 where it stays shut to the end of the path.
    /// </summary>
    public EdgeScores Scores { get; }

    /// <summary>Whether an edge's gate is open at the ratio asked for, in the order of <see cref="ComponentGraph.Edges"/>; not pruned.</summary>
    public bool[] Open { get; }

    /// <summary>The largest gap of a reader's solution, over its loss with all gates shut.</summary>
    public double LargestRelativeGap { get; }

    /// <summary>Readers of which a solution, at the ratio asked for or on the path, missed its tolerance.</summary>
    public int Missed { get; }

    /// <summary>Solves every reader's gates.</summary>
    /// <param name="graph">The candidate edges.</param>
    /// <param name="products">The scalar products of what a reader's sources have in the outputs, sources x sources, by reader; called from several threads at once.</param>
    /// <param name="nodeVariation">How much of the outputs' variation every component carries, and the outputs' own at the end.</param>
    /// <param name="rule">The lambda.</param>
    /// <param name="cancellation">Stops between components.</param>
    public static GatedCircuit Solve(ComponentGraph graph, Func<int, double[]> products, double[] nodeVariation, GateRule rule, CancellationToken cancellation)
    {
        double whole = nodeVariation[^1];
        double[] scores = new double[graph.EdgeCount];
        bool[] open = new bool[graph.EdgeCount];
        double[] gaps = new double[graph.Nodes.Count];
        bool[] missed = new bool[graph.Nodes.Count];
        DeterministicParallel.For(
            graph.Nodes.Count - 1,
            index =>
            {
                int reader = index + 1;
                int first = (int)graph.EdgeIndex(0, reader);
                GateProblem problem = new(products(reader), graph.SourceCount(reader));
                double largest = problem.LargestLambda;
                double node = whole > 0 ? Math.Min(1, nodeVariation[reader] / whole) : 0;
                if (largest <= 0 || node <= 0)
                {
                    return;
                }

                double[] gates = new double[problem.Sources];
                gaps[reader] = problem.Solve(2 * rule.Ratio * problem.ShutLoss / rule.Weight(node), gates, Tolerance).Gap / problem.ShutLoss;
                double[] openings = GatePath.Openings(problem, LeastShare * largest);
                missed[reader] = problem.Missed > 0;
                for (int source = 0; source < problem.Sources; source++)
                {
                    open[first + source] = gates[source] > 0;
                    scores[first + source] = openings[source] / (2 * problem.ShutLoss) * node;
                }
            },
            cancellation);
        return new GatedCircuit(new EdgeScores(graph, scores), open, gaps.Max(), missed.Count(any => any));
    }

    /// <summary>What a method found by these gates.</summary>
    /// <param name="regression">The fitted readers.</param>
    /// <param name="options">The threshold asked for in place of the rule, or none.</param>
    /// <param name="collection">Seconds of the forward passes.</param>
    /// <param name="seconds">Seconds in all.</param>
    public ComponentDiscovery Found(TiedRegression regression, DiscoveryOptions options, double collection, double seconds) => new()
    {
        Scores = Scores,
        InCircuit = EdgeSelection.Prune(Scores.Graph, options.RelativeThreshold is { } share ? EdgeSelection.AtLeastShareOfLargest(Scores, share) : Open),
        Seconds = new Dictionary<string, double> { ["collection"] = collection, ["regression"] = seconds - collection },
        Diagnostics = regression.Diagnostics(
            new("largest_relative_gap", LargestRelativeGap),
            new("missed", Missed),
            new("networks", regression.Maps.Count(map => map is HiddenUnitMap))),
    };
}
