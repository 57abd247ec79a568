using System.Globalization;
using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

public sealed class CircuitFiguresTests
{
    private static readonly ComponentGraph _graph = new(2, 4, parallelBlocks: false, 8);

    // The circuit of case 3: embed -> m0 -> a1.h2 -> out, and an edge that carries positions only.
    private static readonly CircuitTruth _truth = new(
        _graph, [("input", "m0"), ("m0", "a1.h2"), ("input", "a1.h2"), ("a1.h2", "logits")], [("input", "a1.h2")]);

    [Fact]
    public void Candidates_are_all_edges_without_input_to_logits()
    {
        Assert.Equal(53, _truth.IsCandidate.Count(isCandidate => isCandidate));
        Assert.False(_truth.IsCandidate[(int)_graph.EdgeIndex(0, _graph.Nodes.Count - 1)]);
        Assert.Equal(4, _truth.Count);
        Assert.Equal(52, _truth.IsVisible.Count(isVisible => isVisible));
        Assert.Throws<ArgumentException>(() => new CircuitTruth(_graph, [("input", "logits")]));
        Assert.Throws<ArgumentException>(() => new CircuitTruth(_graph, [("m0", "a0.h0")]));
        Assert.Throws<ArgumentException>(() => new CircuitTruth(_graph, [("input", "m0")], [("input", "m1")]));
    }

    [Fact]
    public void A_circuit_worked_by_hand_has_the_figures_worked_by_hand()
    {
        EdgeScores scores = Scores(("input", "m0", -3), ("m0", "a1.h2", 2), ("a1.h2", "logits", 1), ("a0.h0", "m0", 2.5), ("input", "a0.h0", 0.5), ("input", "logits", 9));
        bool[] circuit = Circuit(("input", "m0"), ("m0", "a1.h2"), ("a1.h2", "logits"), ("input", "a0.h0"), ("a0.h0", "m0"), ("input", "logits"));
        CircuitFigures figures = CircuitFigures.Of(scores, circuit, _truth);

        // Two edges too many, one missing; input to logits is no candidate and counts nowhere.
        Assert.Equal(3, figures.HammingDistance);
        Assert.Equal(5, figures.Predicted);
        Assert.Equal((4, 53), (figures.Truth, figures.Candidates));
        Assert.Equal(2.0 * 3 / (5 + 4), figures.F1, 1e-15);

        // At threshold 1 the edge from a0.h0 has no way from the input and is pruned: three right edges are left.
        Assert.Equal(1, figures.BestHammingDistance);

        // Without the edge that nothing can reveal nothing is missing.
        CircuitFigures visible = CircuitFigures.Of(scores, circuit, _truth, visibleOnly: true);
        Assert.Equal((2, 0), (visible.HammingDistance, visible.BestHammingDistance));
        Assert.Equal((3, 52), (visible.Truth, visible.Candidates));
        Assert.Equal(2.0 * 3 / (5 + 3), visible.F1, 1e-15);
    }

    [Fact]
    public void An_empty_circuit_has_an_F1_of_zero_and_misses_every_edge()
    {
        CircuitFigures figures = CircuitFigures.Of(new EdgeScores(_graph, new double[54]), new bool[54], _truth);
        Assert.Equal(CircuitFloors.Empty(4, 53), figures);
    }

    [Fact]
    public void A_full_circuit_with_equal_scores_has_the_figures_of_the_floor()
    {
        CircuitFigures figures = CircuitFigures.Of(new EdgeScores(_graph, [.. Enumerable.Repeat(1.0, 54)]), [.. Enumerable.Repeat(true, 54)], _truth);
        Assert.Equal(CircuitFloors.Full(4, 53), figures);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Areas_and_best_distance_are_those_of_pairwise_counts_and_of_every_threshold(int seed)
    {
        (EdgeScores scores, bool[] circuit, CircuitTruth truth) = Draw(seed);
        CircuitFigures figures = CircuitFigures.Of(scores, circuit, truth);
        double[] sizes = [.. scores.Values.ToArray().Select(Math.Abs)];
        int[] positives = [.. Enumerable.Range(0, 54).Where(edge => truth.IsCandidate[edge] && truth.IsTrue[edge])];
        int[] negatives = [.. Enumerable.Range(0, 54).Where(edge => truth.IsCandidate[edge] && !truth.IsTrue[edge])];
        double above = positives.Sum(p => negatives.Sum(n => sizes[p] > sizes[n] ? 1 : sizes[p] == sizes[n] ? 0.5 : 0));
        Assert.Equal(above / (positives.Length * negatives.Length), figures.AreaUnderCurve, 1e-14);

        // The ROC curve encloses the same area.
        IReadOnlyList<(double X, double Y)> curve = CircuitFigures.RocCurve(scores, truth);
        Assert.Equal((0, 0), curve[0]);
        Assert.Equal((1, 1), curve[^1]);
        Assert.Equal(figures.AreaUnderCurve, curve.Zip(curve.Skip(1), (a, b) => (b.X - a.X) * (a.Y + b.Y) / 2).Sum(), 1e-14);

        double best = sizes.Append(double.MaxValue).Min(threshold =>
        {
            bool[] pruned = EdgeSelection.Prune(_graph, [.. sizes.Select(size => size > 0 && size >= threshold)]);
            return positives.Count(edge => !pruned[edge]) + negatives.Count(edge => pruned[edge]);
        });
        Assert.Equal(best, figures.BestHammingDistance);
    }

    [Fact]
    public void Areas_precision_and_F1_are_those_of_scikit_learn()
    {
        const string script = """
            import json, sys
            from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
            rows = json.loads(sys.argv[1])
            print(json.dumps([[roc_auc_score(r['t'], r['s']), average_precision_score(r['t'], r['s']), f1_score(r['t'], r['c'], zero_division=0)] for r in rows]))
            """;
        (EdgeScores Scores, bool[] Circuit, CircuitTruth Truth)[] draws = [.. Enumerable.Range(1, 40).Select(Draw)];
        string json = JsonSerializer.Serialize(draws.Select(draw => new
        {
            t = Counted(draw.Truth, [.. draw.Truth.IsTrue]).Select(isTrue => isTrue ? 1 : 0),
            s = Counted(draw.Truth, draw.Scores.Values.ToArray()).Select(Math.Abs),
            c = Counted(draw.Truth, draw.Circuit).Select(isIn => isIn ? 1 : 0),
        }));
        double[][] expected = JsonSerializer.Deserialize<double[][]>(Python.Run("sklearn", script, json))!;
        for (int i = 0; i < draws.Length; i++)
        {
            CircuitFigures figures = CircuitFigures.Of(draws[i].Scores, draws[i].Circuit, draws[i].Truth);
            Assert.Equal(expected[i][0], figures.AreaUnderCurve, 1e-12);
            Assert.Equal(expected[i][1], figures.AveragePrecision, 1e-12);
            Assert.Equal(expected[i][2], figures.F1, 1e-12);
        }
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 5)]
    [InlineData(3, 7)]
    public void The_random_floor_is_the_mean_over_all_choices_and_orders(int truth, int candidates)
    {
        // All placements of the true edges in an order of all candidates, each equally likely; the first ones are the random circuit.
        (double distance, double precision, double f1, int count) = (0, 0, 0, 0);
        double[] scores = [.. Enumerable.Range(0, candidates).Select(i => (double)-i)];
        for (int mask = 0; mask < 1 << candidates; mask++)
        {
            bool[] isTrue = [.. Enumerable.Range(0, candidates).Select(i => ((mask >> i) & 1) == 1)];
            if (isTrue.Count(value => value) == truth)
            {
                int right = isTrue.Take(truth).Count(value => value);
                distance += 2 * (truth - right);
                f1 += (double)right / truth;
                precision += CircuitFigures.AveragePrecisionOf(scores, isTrue);
                count++;
            }
        }

        CircuitFigures floor = CircuitFloors.Random(truth, candidates);
        Assert.Equal(distance / count, floor.HammingDistance, 1e-12);
        Assert.Equal(precision / count, floor.AveragePrecision, 1e-12);
        Assert.Equal(f1 / count, floor.F1, 1e-12);
        Assert.Null(floor.BestHammingDistance);
    }

    [Fact]
    public void The_bootstrap_interval_is_near_that_of_the_normal_law_and_follows_its_seed()
    {
        double[] differences = [.. Enumerable.Range(0, 200).Select(i => Math.Sin(i * 12.9898) * 3)];
        PairedBootstrap interval = PairedBootstrap.Of(differences, seed: 7);
        double mean = differences.Average();
        double error = Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean))) / differences.Length;
        Assert.Equal(mean, interval.Mean, 1e-12);
        Assert.Equal(mean - (1.96 * error), interval.Low, 0.1 * error);
        Assert.Equal(mean + (1.96 * error), interval.High, 0.1 * error);
        Assert.Equal(interval, PairedBootstrap.Of(differences, seed: 7));
        Assert.NotEqual(interval, PairedBootstrap.Of(differences, seed: 8));
        Assert.Equal(new PairedBootstrap(2, 2, 2), PairedBootstrap.Of([2, 2, 2]));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Of([]));
    }

    [Fact]
    public void The_empty_graph_scores_what_InterpBench_s_truths_imply()
    {
        string cases = File.ReadAllText(SharedData.Require("interpbench", "cases.json"));
        using JsonDocument json = JsonDocument.Parse(cases);
        double Mean(string truth) => json.RootElement.EnumerateArray().Average(entry => entry.GetProperty(truth).GetArrayLength());
        Assert.Equal("3.65 3.82", string.Create(CultureInfo.InvariantCulture, $"{Mean("truth_edges"):F2} {Mean("truth_edges_dataflow"):F2}"));
        foreach (JsonElement entry in json.RootElement.EnumerateArray())
        {
            JsonElement shape = entry.GetProperty("low_level_config");
            CircuitTruth truth = new(
                new ComponentGraph(shape.GetProperty("n_layers").GetInt32(), shape.GetProperty("n_heads").GetInt32(), false, 1),
                entry.GetProperty("truth_edges_dataflow").EnumerateArray().Select(edge => (Name(edge[0]), Name(edge[1]))));
            int candidates = truth.IsCandidate.Count(isCandidate => isCandidate);
            Assert.Equal(entry.GetProperty("universe").GetProperty("edges").GetInt32(), candidates);
            Assert.Equal(truth.Count, CircuitFloors.Empty(truth.Count, candidates).HammingDistance);
        }

        static string Name(JsonElement node) => node.GetString() switch { "embed" => "input", "out" => "logits", string name => name, null => string.Empty };
    }

    private static T[] Counted<T>(CircuitTruth truth, IReadOnlyList<T> values) => [.. values.Where((_, edge) => truth.IsCandidate[edge])];

    // Random truths and scores with ties and zeros.
    private static (EdgeScores Scores, bool[] Circuit, CircuitTruth Truth) Draw(int seed)
    {
        Random random = new(seed);
        (int Source, int Target)[] edges = [.. _graph.Edges];
        (string, string)[] isTrue = [.. edges
            .Where(edge => (edge.Source != 0 || edge.Target != _graph.Nodes.Count - 1) && random.Next(6) == 0)
            .Select(edge => (_graph.Nodes[edge.Source].Name, _graph.Nodes[edge.Target].Name))];
        CircuitTruth truth = new(_graph, isTrue.Length > 0 ? isTrue : [("input", "m0")]);
        double[] values = [.. edges.Select((_, edge) => (random.Next(9) - 4 + (truth.IsTrue[edge] ? random.Next(3) : 0)) / 4.0)];
        return (new EdgeScores(_graph, values), [.. edges.Select(_ => random.Next(3) == 0)], truth);
    }

    private static EdgeScores Scores(params (string Source, string Target, double Score)[] scores)
    {
        double[] values = new double[_graph.EdgeCount];
        foreach ((string source, string target, double score) in scores)
        {
            values[Edge(source, target)] = score;
        }

        return new EdgeScores(_graph, values);
    }

    private static bool[] Circuit(params (string Source, string Target)[] edges)
    {
        bool[] circuit = new bool[_graph.EdgeCount];
        foreach ((string source, string target) in edges)
        {
            circuit[Edge(source, target)] = true;
        }

        return circuit;
    }

    private static long Edge(string source, string target) => _graph.EdgeIndex(_graph.IndexOf(source), _graph.IndexOf(target));
}
