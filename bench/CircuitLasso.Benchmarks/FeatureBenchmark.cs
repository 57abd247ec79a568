using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// Circuits of features by regression against sparse feature circuits (gradients) on agreement pairs that the model answers rightly. Every ranking grows on pairs that none of them has
/// seen; areas of |1 - faithfulness| and |completeness| over the logarithm of the number kept are compared, and the seconds. Options: <c>[--part NAME] [--threads N]</c>.
/// </summary>
internal static class FeatureBenchmark
{
    private const int Seeds = 3;
    private const int WarmUpPairs = 20;
    private const int LearningPairs = 300;
    private const int TestPairs = 240;
    private const int MostEdges = 64;
    private const int EdgePoints = 6;
    private const string Ours = "CircuitLasso";
    private const string Rival = "sfc";
    private const string Dense = ", many parents";

    // Beside the defaults: more parents for each child, errors in units of features, and no rule that keeps small ones from being explained.
    private const double SmallRatio = 0.01;
    private const double SmallRelevance = 1e-4;

    // Beginnings of one length and one construction, so that a position means the same in all; and all constructions at once.
    private static readonly (string Name, string Phenomenon, int Words)[] _constructions =
    [
        ("grammar, across a phrase", "agreement_pp", 6),
        ("grammar, across a clause", "agreement_object_relative", 7),
        ("grammar, within a clause", "agreement_within_relative", 6),
        ("grammar, all constructions", "agreement_", 0),
    ];

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        Console.WriteLine($"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {LearningPairs} pairs to learn from, {TestPairs} others to test on, {Seeds} seeds");
        string work = Directory.CreateTempSubdirectory("circuitlasso-bench-").FullName;
        try
        {
            string model = Path.Combine(work, "model"), saes = Path.Combine(work, "saes");
            EmbeddedModel.Extract(model);
            EmbeddedAutoencoders.Extract(saes);
            using FeatureExperiment grammar = new(model, EmbeddedAutoencoders.Sites.Select(site => Path.Combine(saes, site)));
            foreach ((string name, string phenomenon, int words) in _constructions.Where(construction => options.Part is null || construction.Name.Contains(options.Part, StringComparison.Ordinal)))
            {
                Compare(name, grammar, seed =>
                {
                    AgreementPair[] right = grammar.Right(AgreementPair.OfGrammar(seed, 1500, phenomenon).Where(pair => words == 0 || pair.Clean.Split(' ').Length == words), LearningPairs + TestPairs);
                    return (right[..LearningPairs], right[LearningPairs..]);
                });
            }
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static void Compare(string name, FeatureExperiment experiment, Func<ulong, (AgreementPair[] Learning, AgreementPair[] Test)> draw)
    {
        List<Measured> everywhere = [], apart = [], edges = [];
        List<Cost> collected = [];
        List<double> correlations = [];
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            (AgreementPair[] learning, AgreementPair[] test) = draw(seed);
            if (seed == 1)
            {
                Console.WriteLine();
                Console.WriteLine(name);
                experiment.Gradients(learning[..WarmUpPairs], positions: true);
                experiment.Lasso(learning[..WarmUpPairs], positions: true);
            }

            (FeatureCircuitResult lasso, Cost collecting, Cost learningCost) = experiment.Lasso(learning, positions: true);
            (FeatureCircuitResult dense, Cost denseCollecting, Cost denseLearning) = experiment.Lasso(learning, positions: true, new FeatureCircuitOptions { LambdaRatio = SmallRatio, MinimumRelevance = SmallRelevance, ScaleErrors = true, TargetRule = TargetLambdaRule.HeldOutError });
            (FeatureCircuitResult summed, Cost summedCollecting, Cost summedLearning) = experiment.Lasso(learning, positions: false);
            (SparseFeatureCircuit gradients, Cost gradientNodes, Cost gradientCost) = experiment.Gradients(learning, positions: true);
            (SparseFeatureCircuit summedGradients, Cost summedGradientNodes, _) = experiment.Gradients(learning, positions: false);
            Cost lassoCost = collecting.With(learningCost), denseCost = denseCollecting.With(denseLearning);
            collected.Add(collecting);
            BehaviourTask task = experiment.Behaviour(test);
            foreach (bool positions in new[] { false, true })
            {
                FeatureCircuitEvaluator evaluator = new(experiment.Sites, task, keepPositions: positions);
                List<Measured> nodes = positions ? apart : everywhere;
                Node(FeatureRanking.ByRelevance(Ours, lasso.Circuit, experiment.Sites, positions), lassoCost, Inside(lasso.Circuit));
                Node(FeatureRanking.ByRelevance(Ours + Dense, dense.Circuit, experiment.Sites, positions), denseCost, Inside(dense.Circuit));
                if (!positions)
                {
                    Node(FeatureRanking.ByRelevance(Ours + ", summed", summed.Circuit, experiment.Sites), summedCollecting.With(summedLearning), Inside(summed.Circuit));
                }

                Node(FeatureRanking.ByEffect(Rival, (positions ? gradients : summedGradients).Effects), positions ? gradientNodes : summedGradientNodes, (positions ? gradients : summedGradients).KeptNodes);
                Node(evaluator.ByActivation(), null, null);
                Node(evaluator.Random(seed), null, null);

                void Node(FeatureRanking ranking, Cost? cost, int? inside) => nodes.Add(new Measured(evaluator.Curve(ranking), cost, inside ?? ranking.Nodes.Count));
            }

            // Path patching takes a pass for every node of every circuit: only the strongest edges of both are measured.
            FeatureEdgeEvaluator ours = Strongest(experiment.Sites, task, lasso.Circuit, Ours), rival = Strongest(experiment.Sites, task, gradients.Circuit, Rival);
            Edge(Ours, ours, ours.ByContribution(), lassoCost, lasso.Circuit);
            Edge(Rival, rival, rival.ByContribution(), gradientCost, gradients.Circuit);
            Edge("random", ours, ours.Random(seed), null, lasso.Circuit);
            correlations.Add(FeatureEdgeEvaluator.Correlation(edges[^4].Curve, edges[^5].Curve));

            void Edge(string ranking, FeatureEdgeEvaluator by, IReadOnlyList<CircuitEdge> order, Cost? cost, Circuit circuit)
            {
                IReadOnlyList<int> counts = FeatureCurve.Counts(MostEdges, EdgePoints);
                foreach (bool isRecomputed in by.HasCoefficients ? new[] { true, false } : [true])
                {
                    edges.Add(new Measured(
                        by.Curve(ranking + (isRecomputed ? ", path patching" : ", learned rule"), order, isRecomputed, counts), cost, circuit.Edges.Count(edge => edge.InCircuit)));
                }
            }
        }

        Table($"features ({everywhere[0].Curve.Candidates} active)", everywhere);
        Table($"at positions ({apart[0].Curve.Candidates} active)", apart);
        Table("edges at positions", edges);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"    of CircuitLasso's processor time {collected.Average(cost => cost.ProcessorSeconds):F2} s are collection"));
        Console.WriteLine("    correlation of the learned rule with path patching over sizes: " + string.Join(" ", correlations.Select(value => value.ToString("F2", CultureInfo.InvariantCulture))));
    }

    // The target is no node that can be kept.
    private static int Inside(Circuit circuit) => circuit.NodesInCircuit().Count - 1;

    private static FeatureEdgeEvaluator Strongest(AutoencoderSites sites, BehaviourTask task, Circuit circuit, string name)
    {
        Circuit inside = circuit.WithoutCandidates();
        HashSet<CircuitEdge> strongest = [.. new FeatureEdgeEvaluator(sites, task, inside, name).ByContribution().Take(MostEdges)];
        return new FeatureEdgeEvaluator(sites, task, inside.Select(strongest.Contains).WithoutCandidates(), name);
    }

    private static void Table(string title, List<Measured> measured)
    {
        Console.WriteLine($"  {title,-30}{"|1 - faithfulness|",22}{"|completeness|",20}{"in the circuit",16}{"seconds",10}{"processor",11}");
        foreach (IGrouping<string, Measured> group in measured.GroupBy(one => one.Curve.Name))
        {
            string Cell(Func<Measured, double> of, string format)
            {
                double mean = group.Average(of);
                double spread = Math.Sqrt(group.Sum(one => (of(one) - mean) * (of(one) - mean)) / (group.Count() - 1));
                return mean.ToString(format, CultureInfo.InvariantCulture) + (format == "F3" ? " +- " + spread.ToString(format, CultureInfo.InvariantCulture) : string.Empty);
            }

            string cost = group.First().Cost is null ? string.Empty : $"{Cell(one => one.Cost!.Seconds, "F2"),10}{Cell(one => one.Cost!.ProcessorSeconds, "F2"),11}";
            Console.WriteLine($"  {group.Key,-30}{Cell(one => one.Curve.FaithfulnessArea, "F3"),22}{Cell(one => one.Curve.CompletenessArea, "F3"),20}{Cell(one => one.Inside, "F0"),16}{cost}");
        }
    }

    private sealed record Measured(FeatureCurve Curve, Cost? Cost, int Inside);
}
