using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Finds a circuit of components on some pairs by <c>lasso</c>, and tests it by intervention on other pairs, beside random circuits.</summary>
internal static class CircuitIntervention
{
    private const string Method = "lasso";
    private const int RandomOrders = 5;
    private const int CircuitsAtOnce = 8;
    private static readonly int[] _curveEdges = [3, 6, 12, 18, 45, 60, 90, 120];
    private static readonly int[] _randomCurveEdges = [60, 90, 120, 160];

    /// <summary>Finds and tests.</summary>
    /// <param name="model">The model.</param>
    /// <param name="modelFolder">Where it was read from.</param>
    /// <param name="learning">Pairs to find the circuit on.</param>
    /// <param name="test">Other pairs.</param>
    /// <param name="example">The two texts of one of these.</param>
    /// <param name="lastWord">The circuit that was learnt at the last word alone, for comparison.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static InterventionTest Run(
        TransformerModel model,
        string modelFolder,
        TaskFile learning,
        TaskFile test,
        (string One, string Other) example,
        Circuit lastWord,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ComponentDiscovery found = DiscoveryMethods.Named(Method).Discover(model, learning.Task, new DiscoveryOptions(), progress, cancellation);
        IReadOnlyList<bool[]> growing = EdgeSelection.GrowingCircuits(found.Scores);
        (bool[] circuit, double kept) = Smallest(new CircuitEvaluator(model, learning.Task), growing, progress, cancellation);

        // The edge that came last is in the circuit, or the circuit would be the one before.
        double[] scores = found.Scores.Values.ToArray();
        double smallest = scores.Where((_, edge) => circuit[edge]).Min(Math.Abs);
        int largestScores = scores.Count(score => Math.Abs(score) >= smallest);

        CircuitEvaluator evaluator = new(model, test.Task);
        IReadOnlyList<bool[]>[] random =
            [.. Enumerable.Range(1, RandomOrders).Select(seed => EdgeSelection.GrowingCircuits(RandomScores(found.Scores.Graph, (ulong)seed)))];
        double[] Shares(IEnumerable<bool[]> circuits) => InChunks(evaluator, [.. circuits], "testing circuits", progress, cancellation);
        bool[][] along = [.. _curveEdges.Select(edges => AtLeast(growing, edges))];
        bool[][][] alongRandom = [.. random.Select(order => _randomCurveEdges.Select(edges => AtLeast(order, edges)).ToArray())];
        bool[][] asLarge = [.. random.Select(order => AtLeast(order, Count(circuit)))];
        double[] shares = Shares(along);
        double[][] randomShares = [.. Shares(alongRandom.SelectMany(order => order)).Chunk(_randomCurveEdges.Length)];
        return new InterventionTest
        {
            Circuit = (found with { InCircuit = circuit }).ToCircuit().With(metrics: found.Diagnostics, provenance: Provenance(modelFolder, learning, largestScores)),
            LargestScores = largestScores,
            OwnRuleEdges = Count(found.InCircuit),
            LearningPairs = learning.Task.Count,
            LearningShare = kept,
            TestPairs = test.Task.Count,
            Example = example.One,
            ExampleTwin = example.Other,
            Evaluation = evaluator.EvaluateEdges(circuit, cancellation),
            RandomShares = Shares(asLarge),
            RandomComplementShares = Shares(asLarge.Select(other => Array.ConvertAll(other, inside => !inside))),
            LastWordShare = Shares([[.. ComponentDiscovery.FromCircuit(lastWord, "the circuit of the last word").InCircuit]])[0],
            Curve = [.. along.Select((inside, i) => Point(Count(inside), shares[i]))],
            RandomCurve = [.. _randomCurveEdges.Select((_, i) => Point((int)Math.Round(alongRandom.Average(order => Count(order[i]))), randomShares.Average(own => own[i])))],
        };

        CircuitCurvePoint Point(int edges, double share) => new((double)edges / scores.Length, edges, share);
    }

    private static (bool[] Circuit, double Kept) Smallest(CircuitEvaluator evaluator, IReadOnlyList<bool[]> growing, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        foreach (bool[][] some in growing.Chunk(CircuitsAtOnce))
        {
            double[] shares = InChunks(evaluator, some, "choosing the circuit", progress, cancellation);
            if (Array.FindIndex(shares, share => share >= InterventionTest.KeptShare) is int first and >= 0)
            {
                return (some[first], shares[first]);
            }
        }

        return (growing[^1], evaluator.Faithfulness([growing[^1]], cancellation)[0]);
    }

    private static double[] InChunks(CircuitEvaluator evaluator, bool[][] circuits, string stage, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        List<double> shares = [];
        foreach (bool[][] some in circuits.Chunk(CircuitsAtOnce))
        {
            shares.AddRange(evaluator.Faithfulness(some, cancellation));
            progress?.Report(new WorkProgress(stage, shares.Count, circuits.Length, "circuits"));
        }

        return [.. shares];
    }

    private static bool[] AtLeast(IReadOnlyList<bool[]> growing, int edges) => growing.FirstOrDefault(circuit => Count(circuit) >= edges, growing[^1]);

    private static EdgeScores RandomScores(ComponentGraph graph, ulong seed)
    {
        SplitMix64 random = new(seed);
        double[] scores = new double[graph.EdgeCount];
        for (int edge = 0; edge < scores.Length; edge++)
        {
            scores[edge] = 1.0 + random.Next();
        }

        return new EdgeScores(graph, scores);
    }

    private static SortedDictionary<string, string> Provenance(string modelFolder, TaskFile learning, int largestScores) => new(StringComparer.Ordinal)
    {
        ["method"] = Method,
        ["metric"] = "logit difference",
        ["model"] = "sha256:" + ModelFingerprint.Sha256(modelFolder),
        ["pairs"] = learning.Task.Count.ToString(CultureInfo.InvariantCulture),
        ["selection"] = FormattableString.Invariant($"the smallest circuit along the path that keeps {InterventionTest.KeptShare} of the logit difference on these pairs: the {largestScores} largest scores, pruned"),
        ["task"] = "sha256:" + learning.Sha256,
        ["task_file"] = learning.Task.Name,
    };

    private static int Count(IEnumerable<bool> circuit) => circuit.Count(inside => inside);
}
