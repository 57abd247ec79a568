using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class NetworkRegressionTests
{
    private const int Width = 3;

    [Fact]
    public void A_network_learns_what_a_line_cannot()
    {
        (float[] x, float[] y) = Bent(2000, seed: 1);
        ReaderNetwork network = ReaderNetwork.Learn([.. x], Width, [.. y], Width, new RandomSource(0))!;
        (float[] fresh, float[] expected) = Bent(500, seed: 2);
        float[] predicted = network.Apply(fresh);
        double mean = expected.Average();
        double error = predicted.Zip(expected, (a, b) => (double)(a - b) * (a - b)).Sum();
        Assert.InRange(error / expected.Sum(value => (value - mean) * (value - mean)), 0, 0.02);
    }

    [Fact]
    public void Directions_in_which_nothing_varies_are_not_read()
    {
        RandomSource random = new(3);
        double[] normal = [0.6, -0.64, 0.48];
        float[] x = new float[600 * Width];
        float[] y = new float[x.Length];
        for (int row = 0; row < 600; row++)
        {
            double[] point = [random.NextNormal(), random.NextNormal(), random.NextNormal()];
            double along = point.Zip(normal, (a, b) => a * b).Sum();
            for (int j = 0; j < Width; j++)
            {
                x[(row * Width) + j] = (float)(point[j] - (along * normal[j]) + j);
                y[(row * Width) + j] = Math.Abs(x[row * Width]);
            }
        }

        ReaderNetwork network = ReaderNetwork.Learn(x, Width, y, Width, new RandomSource(0))!;
        float largest = network.InputWeights.Max(Math.Abs);
        for (int unit = 0; unit < ReaderNetwork.Hidden; unit++)
        {
            Assert.Equal(0, Enumerable.Range(0, Width).Sum(i => normal[i] * network.InputWeights[(i * ReaderNetwork.Hidden) + unit]), 1e-4 * largest);
        }
    }

    [Fact]
    public void Nothing_is_learned_of_what_does_not_vary()
    {
        float[] constant = [.. Enumerable.Repeat(2f, 50 * Width)];
        Assert.Null(ReaderNetwork.Learn([.. constant], Width, Bent(50, 4).Y, Width, new RandomSource(0)));
        Assert.Null(ReaderNetwork.Learn(Bent(50, 4).X, Width, [.. constant], Width, new RandomSource(0)));
    }

    [Fact]
    public void The_network_stays_only_where_it_predicts_better()
    {
        SampleLayout layout = new(RegressionToy.Task(100, [4], lastOnly: false));
        (float[] read, float[] bent) = Bent(layout.Rows, seed: 5);
        float[] means = new float[layout.Slots * Width];
        layout.Centre(read, Width, means);
        layout.Centre(bent, Width);
        double[] coefficients = [0.5, -1, 0.2, 0.1, 2, 0, -0.3, 0.4, 1];
        PositionMap linear = new(1, coefficients, 0.1, 0.9);
        float[] straight = new float[read.Length];
        MatrixProduct.Gemm(false, false, layout.Rows, Width, Width, 1f, read, Width, [.. coefficients.Select(value => (float)value)], Width, 0f, straight, Width);

        Assert.Same(linear, NetworkRegression.BetterOf(linear, layout, read, means, straight, new RandomSource(0), default));
        NetworkMap map = Assert.IsType<NetworkMap>(NetworkRegression.BetterOf(linear, layout, read, means, bent, new RandomSource(0), default));
        Assert.InRange(map.Explained, 0.9, 1);
        Assert.Equal(0.1, map.Share);
    }

    [Fact]
    public void Only_networks_explain_a_component_that_folds_its_source_at_the_mean()
    {
        using TransformerModel model = Folding();
        DiscoveryTask task = RegressionToy.Task(300, [3], lastOnly: false, classes: 2);

        ComponentDiscovery linear = DiscoveryMethods.Named("lasso").Discover(model, task, new DiscoveryOptions());
        ComponentDiscovery networks = DiscoveryMethods.Named("lasso-nonlinear").Discover(model, task, new DiscoveryOptions());

        Assert.True(networks.Diagnostics["mean_explained"] > linear.Diagnostics["mean_explained"] + 0.2);
        Assert.InRange(networks.Scores["input", "m0"], 0.8, 1.2);
        Assert.Equal(["input-m0", "m0-logits"], Edges(networks));
        Assert.Equal(1, networks.Diagnostics["networks"]);
        Assert.Equal(0, linear.Diagnostics["networks"]);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_for_any_number_of_threads_and_another_seed_gives_others()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.LayerWithoutParameters, true);
        DiscoveryTask task = RegressionToy.Task(120, [4, 6], lastOnly: true);
        double[] Scores(ulong seed) => DiscoveryMethods.Named("lasso-nonlinear").Discover(model, task, new DiscoveryOptions { Seed = seed }).Scores.Values.ToArray();
        int before = DeterministicParallel.Threads;
        try
        {
            DeterministicParallel.Threads = 1;
            double[] one = Scores(7);
            DeterministicParallel.Threads = 2;
            Assert.Equal(one, Scores(7));
            Assert.NotEqual(one, Scores(8));
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void Learning_can_be_stopped()
    {
        (float[] x, float[] y) = Bent(100, seed: 6);
        Assert.Throws<OperationCanceledException>(() => ReaderNetwork.Learn(x, Width, y, Width, new RandomSource(0), new CancellationToken(canceled: true)));
    }

    // Rows about (1, 1, 1), and a bent function of them.
    private static (float[] X, float[] Y) Bent(int rows, ulong seed)
    {
        RandomSource random = new(seed);
        float[] x = [.. Enumerable.Range(0, rows * Width).Select(_ => (float)(1 + random.NextNormal()))];
        float[] y = new float[x.Length];
        for (int row = 0; row < rows; row++)
        {
            (float a, float b, float c) = (x[row * Width], x[(row * Width) + 1], x[(row * Width) + 2]);
            (y[row * Width], y[(row * Width) + 1], y[(row * Width) + 2]) = (Math.Abs(a - 1), Math.Max(a, b), a - c);
        }

        return (x, y);
    }

    private static string[] Edges(ComponentDiscovery found)
    {
        ComponentGraph graph = found.Scores.Graph;
        return [.. graph.Edges.Where((_, edge) => found.InCircuit[edge]).Select(edge => graph.Nodes[edge.Source].Name + "-" + graph.Nodes[edge.Target].Name)];
    }

    // A token is a number from -3 to 3 in coordinate 0; the MLP writes its absolute value to coordinate 1, and the logits are that and its negative.
    private static TransformerModel Folding()
    {
        ModelDescription description = new()
        {
            Family = "hooked_transformer",
            Layers = 1,
            Width = 2,
            VocabularySize = RegressionToy.Vocabulary,
            OutputSize = 2,
            MaximumPositions = 4,
            LearnedPositions = true,
            TiedEmbeddings = false,
            Normalization = new NormalizationDescription(NormalizationKind.None, 1e-5f),
            Attention = new AttentionDescription { Heads = 1, KeyValueHeads = 1, HeadWidth = 2, Causal = true, ScoreScales = [1] },
            Mlp = new MlpDescription(2, Activation.Relu, false, false),
        };
        return new TransformerModel(description, new ModelParameters(description, description.Parameters().ToDictionary(
            parameter => parameter.Key,
            parameter => Tensor.FromValues(parameter.Key.Role switch
            {
                ParameterRole.TokenEmbedding => [.. Enumerable.Range(0, RegressionToy.Vocabulary).SelectMany(token => (float[])[token - 3, 0])],
                ParameterRole.MlpUpWeight => [1, 0, -1, 0],
                ParameterRole.MlpDownWeight => [0, 0, 1, 1],
                ParameterRole.Unembedding => [0, 1, 0, -1],
                _ => new float[parameter.Shape.Aggregate((a, b) => a * b)],
            }, parameter.Shape))));
    }
}
