using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class LassoLearnerTests : IDisposable
{
    private static readonly PlantedChain _planted = new(400, seed: 3);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("numbers", false)]
    [InlineData("numbers", true)]
    [InlineData("two classes", false)]
    [InlineData("two classes", true)]
    [InlineData("three classes", false)]
    public void A_planted_target_is_predictable_and_its_circuit_is_the_chain(string what, bool standardize)
    {
        LearningResult result = LassoLearner.Learn(_planted.WithoutTarget(), Planted(what), new LearningOptions { Standardize = standardize });

        Circuit circuit = result.Circuit;
        string target = what == "numbers" ? "logits" : "y";
        Assert.True(result.Predictable);
        Assert.Equal(0, result.MissedTargets);
        Assert.InRange(result.LargestRelativeGap, 0, 1e-6);
        Assert.Equal(target, circuit.Target.Name);
        Assert.Equal(1, circuit.Metrics["target_predictable"]);
        Assert.True(circuit.Metrics["target_held_out_auc"] > circuit.Metrics["target_shuffled_auc_max"]);
        Assert.True(circuit.Edge("c", target) is { InCircuit: true, EntersAtLambda: > 0 });
        Assert.True(circuit.Edge("b", "c") is { InCircuit: true, EntersAtLambda: > 0 });
        Assert.True(circuit.Edge("a", "b") is { InCircuit: true, EntersAtLambda: > 0 });
        Assert.DoesNotContain("alone", circuit.NodesInCircuit());
        Assert.DoesNotContain("side", circuit.NodesInCircuit());
        Assert.Equal(what == "numbers", circuit.Target.Explained is not null);
        Assert.Equal(what == "numbers", circuit.Metrics.ContainsKey("target_held_out_r2"));
        Assert.Equal(standardize ? "yes" : "no", circuit.Provenance["standardize"]);
    }

    // 2 max |X'y| over the columns of a block, centred and, with standardisation, divided by their deviations: y keeps its units.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Edges_into_the_target_enter_in_the_units_of_the_targets_own_lambda(bool standardize)
    {
        double[] y = [.. _planted.Column(_planted.Y, 0).Select(value => 10 * value)];
        double mean = y.Average();
        double largest = Enumerable.Range(0, PlantedChain.Width).Max(column =>
        {
            double[] x = _planted.Column(_planted.C, column);
            double centre = x.Average();
            double deviation = Math.Sqrt(x.Average(value => (value - centre) * (value - centre)));
            return 2 * Math.Abs(x.Zip(y, (a, b) => (a - centre) * (b - mean)).Sum()) / (standardize ? deviation : 1);
        });

        Circuit circuit = LassoLearner.Learn(
            _planted.WithoutTarget(), LearningTarget.Behaviour("logprob", y), new LearningOptions { Standardize = standardize, Shuffles = 1, PathCount = 4 }).Circuit;

        double entry = circuit.Edge("c", "logits")!.EntersAtLambda!.Value;
        Assert.InRange(entry, 0.2 * largest, largest * (1 + 1e-6));
        Assert.InRange(circuit.Metrics["target_lambda"], 0.019 * largest, largest);
    }

    // The rule lets chance pass now and then (a value that beats ten shuffles by a standard error): several draws, of which few may.
    [Theory]
    [InlineData("numbers")]
    [InlineData("two classes")]
    [InlineData("three classes")]
    public void Noise_is_not_predictable_and_gets_no_circuit(string what)
    {
        int passed = 0;
        const int Draws = 12;
        for (int seed = 100; seed < 100 + Draws; seed++)
        {
            PlantedChain planted = new(200, seed);
            double[] noise = planted.Unrelated();
            LearningTarget target = what == "numbers" ? LearningTarget.Behaviour("logprob", noise) : Classes(noise, what == "two classes" ? 2 : 3);

            LearningResult result = LassoLearner.Learn(planted.WithoutTarget(), target, new LearningOptions { PathCount = 6 });

            passed += result.Predictable ? 1 : 0;
            Assert.Equal(result.Predictable ? 1 : 0, result.Circuit.Metrics["target_predictable"]);
            Assert.True(result.Predictable || !result.Circuit.Edges.Any(edge => edge.InCircuit));
            Assert.True(result.Circuit.Metrics.ContainsKey("target_held_out_auc"));
            Assert.True(result.Circuit.Metrics.ContainsKey("target_shuffled_auc_mean"));
        }

        Assert.InRange(passed, 0, 2);
    }

    [Theory]
    [InlineData("numbers")]
    [InlineData("three classes")]
    public void The_circuit_file_has_the_same_bytes_in_every_run_and_with_any_number_of_threads(string what)
    {
        byte[] FileBytes(int threads) => ThreadCount.With(threads, () =>
        {
            string path = _folder.PathOf($"{threads}.circuit");
            CircuitFile.Write(LassoLearner.Learn(_planted.WithoutTarget(), Planted(what), new LearningOptions { Shuffles = 3, PathCount = 8 }).Circuit, path);
            return File.ReadAllBytes(path);
        });

        byte[] expected = FileBytes(1);
        Assert.Equal(expected, FileBytes(1));
        Assert.Equal(expected, FileBytes(2));
        Assert.Equal(expected, FileBytes(3));
    }

    [Fact]
    public void Lambda_is_the_one_given_or_the_share_of_the_largest()
    {
        ArrayLearningData data = _planted.WithTargetBlock();
        LearningResult largest = LassoLearner.Learn(data, null, new LearningOptions { LambdaRatio = 1 });
        Assert.Equal(0, largest.Circuit.Metrics["nonzeros"]);
        LearningResult half = LassoLearner.Learn(data, null, new LearningOptions { LambdaRatio = 0.5 });
        Assert.Equal(largest.Lambda / 2, half.Lambda, largest.Lambda * 1e-12);
        Assert.Equal("share 0.5 of the largest", half.Circuit.Provenance["lambda_rule"]);
        LearningResult given = LassoLearner.Learn(data, null, new LearningOptions { Lambda = half.Lambda });
        Assert.Equal(half.Lambda, given.Lambda);
        Assert.Equal("given", given.Circuit.Provenance["lambda_rule"]);
        Assert.Equal(half.Circuit.Edges, given.Circuit.Edges);
    }

    [Fact]
    public void Every_edge_says_where_it_enters_even_below_the_end_of_the_path()
    {
        LearningResult result = LassoLearner.Learn(_planted.WithTargetBlock(), null, new LearningOptions { LambdaRatio = 1e-6, PathCount = 3, PathRatio = 0.5 });
        Assert.All(result.Circuit.Edges, edge => Assert.True(edge.EntersAtLambda >= result.Lambda, $"{edge.Source} -> {edge.Target}: {edge.EntersAtLambda}"));
        Assert.Contains(result.Circuit.Edges, edge => edge.EntersAtLambda == result.Lambda);
    }

    [Theory]
    [InlineData(0.0, null)]
    [InlineData(-1.0, null)]
    [InlineData(double.NaN, null)]
    [InlineData(double.PositiveInfinity, null)]
    [InlineData(null, 0.0)]
    [InlineData(null, -0.5)]
    [InlineData(null, 1.5)]
    [InlineData(null, double.NaN)]
    public void A_lambda_that_is_none_is_refused(double? lambda, double? ratio)
    {
        InputException exception = Assert.Throws<InputException>(
            () => LassoLearner.Learn(_planted.WithTargetBlock(), null, new LearningOptions { Lambda = lambda, LambdaRatio = ratio }));
        Assert.Equal(lambda is null ? "--lambda-ratio" : "--lambda", exception.Subject);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_number_that_is_not_finite_is_refused_with_its_row_and_column(float value)
    {
        PlantedChain planted = new(60, seed: 4);
        planted.B[37, 2] = value;
        InputException exception = Assert.Throws<InputException>(() => LassoLearner.Learn(planted.WithTargetBlock(), null));
        Assert.Equal("arrays", exception.Subject);
        Assert.Contains("row 37, column 10", exception.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Too_few_rows_are_refused(int rows)
    {
        PlantedChain planted = new(rows, seed: 4);
        InputException exception = Assert.Throws<InputException>(() => LassoLearner.Learn(planted.WithTargetBlock(), null));
        Assert.Contains($"there are {rows}", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_that_all_share_a_place_are_refused()
    {
        PlantedChain planted = new(60, seed: 4);
        LearningTarget target = LearningTarget.Behaviour("logprob", planted.Column(planted.Y, 0));
        Assert.Contains("no block that is computed after another", Assert.Throws<InputException>(() => LassoLearner.Learn(new ArrayLearningData(("c", 0, planted.C)), target)).Problem, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => LassoLearner.Learn(new ArrayLearningData(("b", 1, planted.B), ("c", 1, planted.C)), target));
    }

    [Fact]
    public void A_target_of_one_value_or_one_class_is_refused()
    {
        ArrayLearningData data = new PlantedChain(60, seed: 4).WithoutTarget();
        Assert.Throws<InputException>(() => LassoLearner.Learn(data, LearningTarget.Behaviour("logprob", Enumerable.Repeat(2.5, 60).ToArray())));
        Assert.Throws<InputException>(() => LassoLearner.Learn(data, LearningTarget.Label(new int[60], ["only"])));
    }

    // Blocks of one column, so that the norms of the edges into y are its coefficients; the planted ones and the design are such that none is negative.
    [Fact]
    public void The_gap_recomputed_from_rows_is_within_the_tolerance()
    {
        const int Rows = 200;
        Gaussian random = new(8);
        float[][,] sources = [.. Enumerable.Range(0, 5).Select(_ => new float[Rows, 1])];
        float[,] y = new float[Rows, 1];
        for (int row = 0; row < Rows; row++)
        {
            foreach (float[,] source in sources)
            {
                source[row, 0] = (float)random.Next();
            }

            y[row, 0] = (float)((2 * sources[0][row, 0]) + sources[1][row, 0] + (0.7 * sources[2][row, 0]) + random.Next());
        }

        ArrayLearningData data = new([.. sources.Select((values, i) => ($"x{i}", 0, values)), ("y", 1, y)]);
        double lambda = 0.5 * Rows;
        LearningResult result = LassoLearner.Learn(data, null, new LearningOptions { Lambda = lambda, Tolerance = 1e-9 });
        Assert.Equal(0, result.MissedTargets);
        Assert.Equal(1, result.Circuit.Metrics["regressions"]);

        double[] coefficients = [.. Enumerable.Range(0, 5).Select(i => result.Circuit.Edge($"x{i}", "y")?.Norm ?? 0)];
        Assert.All(coefficients[..3], value => Assert.True(value > 0));
        double[][] columns = [.. sources.Append(y).Select(Centred)];
        double[] residual = [.. columns[5].Select((value, row) => value - Enumerable.Range(0, 5).Sum(i => coefficients[i] * columns[i][row]))];
        double nullLoss = columns[5].Sum(value => value * value);
        double primal = residual.Sum(value => value * value) + (lambda * coefficients.Sum());

        // The dual point is the residual, shrunk until 2 |x'u| <= lambda; its value is |y|^2 - |y - u|^2.
        double largest = Enumerable.Range(0, 5).Max(i => Math.Abs(columns[i].Zip(residual, (x, r) => x * r).Sum()));
        double shrink = Math.Min(1, lambda / 2 / largest);
        double dual = nullLoss - columns[5].Zip(residual, (value, r) => value - (shrink * r)).Sum(value => value * value);
        double gap = (primal - dual) / nullLoss;
        Assert.InRange(gap, -1e-9, 1e-6);
        Assert.Equal(gap, result.LargestRelativeGap, 1e-6);
    }

    [Fact]
    public void Cancelling_stops_the_work()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => LassoLearner.Learn(_planted.WithTargetBlock(), null, null, null, source.Token));
    }

    private static double[] Centred(float[,] column)
    {
        double[] values = [.. column.Cast<float>().Select(value => (double)value)];
        double mean = values.Average();
        return [.. values.Select(value => value - mean)];
    }

    private static LearningTarget Planted(string what)
    {
        double[] numbers = _planted.Column(_planted.Y, 0);
        return what switch
        {
            "numbers" => LearningTarget.Behaviour("logprob", numbers),
            "two classes" => Classes(numbers, 2),
            _ => Classes(numbers, 3),
        };
    }

    // Equal parts of the numbers' order.
    private static LearningTarget Classes(double[] numbers, int count)
    {
        double[] sorted = [.. numbers.Order()];
        int[] classes = [.. numbers.Select(number => Math.Min(count - 1, Array.BinarySearch(sorted, number) * count / numbers.Length))];
        return LearningTarget.Label(classes, [.. Enumerable.Range(0, count).Select(i => $"class {i}")]);
    }
}
