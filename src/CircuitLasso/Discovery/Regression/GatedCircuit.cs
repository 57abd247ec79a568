using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The gates of all readers at one lambda, and the lambda at which each opens. Immutable.</summary>
internal sealed class GatedCircuit
{
    private const double Tolerance = 1e-8;

    private GatedCircuit(EdgeScores scores, bool[] open, double lambda, double largestRelativeGap)
    {
        Scores = scores;
        Open = open;
        Lambda = lambda;
        LargestRelativeGap = largestRelativeGap;
    }

    /// <summary>lambda / (2 V) at which an edge's gate opens; 0 where it stays shut to the end of the path.</summary>
    public EdgeScores Scores { get; }

    /// <summary>Whether an edge's gate is open at <see cref="Lambda"/>, in the order of <see cref="ComponentGraph.Edges"/>; not pruned.</summary>
    public bool[] Open { get; }

    /// <summary>The penalty, in squared outputs summed over samples.</summary>
    public double Lambda { get; }

    /// <summary>The largest gap of a reader's solution, over V.</summary>
    public double LargestRelativeGap { get; }

    /// <summary>Passes relevance back and solves every reader's gates.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="regression">The fitted readers.</param>
    /// <param name="share">lambda / (2 V), V the sum over samples of the squared outputs.</param>
    /// <param name="leastShare">Where the path of lambdas ends, in the same unit.</param>
    /// <param name="progress">Told of components done.</param>
    /// <param name="cancellation">Stops between components.</param>
    public static GatedCircuit Solve(
        ComponentContributions contributions, TiedRegression regression, double share, double leastShare, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ComponentGraph graph = contributions.Graph;
        SampleLayout layout = contributions.Layout;
        int columns = checked(layout.Samples * layout.ScoredSlots.Length * regression.Outputs.Classes.Length);
        using ContributionGrams grams = new(graph, columns);
        BackwardRelevance.Compute(contributions, regression, grams.Add, progress, cancellation);
        double squares = regression.OutputVariation * layout.Samples;
        double lambda = 2 * share * squares;
        double[] scores = new double[graph.EdgeCount];
        bool[] open = new bool[graph.EdgeCount];
        double[] gaps = new double[graph.Nodes.Count];
        DeterministicParallel.For(
            graph.Nodes.Count - 1,
            index =>
            {
                int reader = index + 1;
                int first = (int)graph.EdgeIndex(0, reader);
                GateProblem problem = new(grams[reader], graph.SourceCount(reader));
                double[] gates = new double[problem.Sources];
                gaps[reader] = squares > 0 ? problem.Solve(lambda, gates, Tolerance).Gap / squares : 0;
                double[] openings = squares > 0 ? GatePath.Openings(problem, 2 * leastShare * squares) : new double[problem.Sources];
                for (int source = 0; source < problem.Sources; source++)
                {
                    open[first + source] = gates[source] > 0;
                    scores[first + source] = squares > 0 ? openings[source] / (2 * squares) : 0;
                }
            },
            cancellation);
        return new GatedCircuit(new EdgeScores(graph, scores), open, lambda, gaps.Max());
    }
}
